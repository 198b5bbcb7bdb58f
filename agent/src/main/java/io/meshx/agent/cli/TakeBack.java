// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.Wiring;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostException;
import io.meshx.agent.status.ExitStatus;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** What the unit runs that ends a trial. */
@Command(
    name = "rollback",
    hidden = true,
    description = "Takes redirect rules back that nobody has confirmed; fails if there were any.",
    mixinStandardHelpOptions = true)
public final class TakeBack implements Callable<Integer> {
  @Parameters(paramLabel = "DIGEST", description = "Of what was on trial.")
  private String wanted = "";

  /** For picocli. */
  public TakeBack() {}

  @Override
  public Integer call() {
    try {
      return Wiring.rollback(new Digest(wanted))
          ? ExitStatus.OK.code()
          : Say.why(
              ExitStatus.FAILED,
              "nobody has confirmed the change of the redirect rules: those from before are back");
    } catch (HostException e) {
      return Say.why(ExitStatus.FAILED, String.valueOf(e.getMessage()));
    }
  }
}
