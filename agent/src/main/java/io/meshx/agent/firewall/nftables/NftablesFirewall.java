// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall.nftables;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.firewall.NftTable;
import io.meshx.agent.firewall.Rules;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;

/** Our table by way of {@code nft}. */
public final class NftablesFirewall implements Rules<NftTable> {
  /** What nft says, with status 1, of a table that is not there: the kernel's ENOENT. */
  private static final String ABSENT = "No such file or directory";

  private static final List<String> LIST =
      Stream.concat(
              Stream.of(NftTable.PROGRAM.toString(), "--stateless", "list", "table"),
              Stream.of(NftTable.NAME.split(" ", -1)))
          .toList();

  private final Commands commands;

  /** Changes nothing yet; without the program it finds no table and can make none. */
  public NftablesFirewall(Commands commands) {
    this.commands = commands;
  }

  @Override
  public NftTable observe() throws HostException {
    if (!Files.isExecutable(NftTable.PROGRAM)) {
      return NftTable.EMPTY;
    }
    try {
      return NftTable.parse(commands.run(LIST, ""));
    } catch (CommandFailed e) {
      if (e.status() == 1 && e.error().contains(ABSENT)) {
        return NftTable.EMPTY;
      }
      throw e;
    }
  }

  @Override
  public void apply(NftTable wanted) throws HostException {
    if (!wanted.equals(observe())) {
      commands.run(List.of(NftTable.PROGRAM.toString(), "-f", "-"), wanted.script());
    }
  }
}
