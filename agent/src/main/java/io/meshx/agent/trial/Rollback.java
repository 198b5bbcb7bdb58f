// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.trial;

import io.meshx.agent.model.Digest;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import java.time.Duration;
import java.util.List;

/**
 * The unit that takes unconfirmed rules back, in systemd's hands so that the deadline holds also if
 * the agent dies. It sleeps; however that ends, {@code meshx rollback} runs. If it had to take
 * rules back it ends badly, so that the unit stays as failed and says so.
 */
public final class Rollback {
  private static final String LAUNCHER = "/usr/bin/meshx";
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private Rollback() {}

  /**
   * The unit.
   *
   * @param wanted the digest of what is on trial
   * @param within how long the trial lasts
   */
  public static UnitSpec unit(Digest wanted, Duration within) {
    return UnitSpec.service(
            OurUnits.ROLLBACK, wanted, "Takes redirect rules back that nobody confirms")
        .exec(List.of("/bin/sleep", Long.toString(within.toSeconds())))
        .execAfter(List.of(LAUNCHER, "rollback", wanted.hex()))
        .slice(OurUnits.INFRA_SLICE)
        .timeoutStop(LONGEST)
        .set("NoNewPrivileges", new Property.Flag(true))
        .build();
  }
}
