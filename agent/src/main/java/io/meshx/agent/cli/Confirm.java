// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Ends a trial of redirect rules well. */
@Command(
    name = "confirm",
    description = {
      "Confirms what is redirected as it is configured now, so that it stays.",
      "With firewall.confirm_within a change is taken back unless this comes in time; before a change"
          + " or after it was taken back this puts it in force without another trial."
    },
    mixinStandardHelpOptions = true)
public final class Confirm implements Callable<Integer> {
  /** For picocli. */
  public Confirm() {}

  @Override
  public Integer call() {
    return Status.ask("confirm");
  }
}
