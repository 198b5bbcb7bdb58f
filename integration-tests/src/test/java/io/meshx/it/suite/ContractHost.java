// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.it.Lab;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.host.Host;
import io.meshx.it.host.HostSpec;
import java.util.List;

/**
 * A host without the agent, for a contract that one of the agent's adapters keeps: the adapter runs
 * here and reaches the host over its system bus and by commands.
 */
final class ContractHost implements Commands, AutoCloseable {
  private final Lab lab = Lab.open();
  private final Host host;

  /** Boots it, with more packages if any are named. */
  ContractHost(Debian debian, String... packages) {
    host = lab.host(HostSpec.of("vm1", debian).withPackages(packages));
  }

  Lab lab() {
    return lab;
  }

  String busAddress() {
    return host.systemBusAddress();
  }

  @Override
  public String run(List<String> argv, String input) throws CommandFailed {
    Result result = Command.of(argv).in(host.name(), host.enter()).reading(input).run();
    if (!result.succeeded()) {
      throw new CommandFailed(argv, result.exit(), result.stdout(), result.stderr());
    }
    return result.stdout();
  }

  @Override
  public void close() {
    lab.close();
  }
}
