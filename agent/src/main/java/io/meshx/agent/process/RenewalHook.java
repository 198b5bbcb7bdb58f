// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.process;

import io.meshx.agent.model.Digest;
import io.meshx.agent.model.Signal;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How a workload is told that its SVID was renewed: a unit that runs once for each.
 *
 * @param workload whom it is about
 * @param argv what runs
 * @param user as whom; root if it is empty
 */
public record RenewalHook(WorkloadName workload, List<String> argv, Optional<UserName> user) {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  /** Keeps a copy. */
  public RenewalHook {
    argv = List.copyOf(argv);
  }

  /** A signal to the main process of a unit (org.freedesktop.systemd1(5), KillUnit). */
  public static RenewalHook signal(WorkloadName workload, UnitName unit, Signal signal) {
    return new RenewalHook(
        workload,
        List.of(
            "/usr/bin/busctl",
            "--quiet",
            "call",
            "org.freedesktop.systemd1",
            "/org/freedesktop/systemd1",
            "org.freedesktop.systemd1.Manager",
            "KillUnit",
            "ssi",
            unit.text(),
            "main",
            Integer.toString(signal.number())),
        Optional.empty());
  }

  /** A reload as the unit defines it. */
  public static RenewalHook reload(WorkloadName workload, UnitName unit) {
    return new RenewalHook(
        workload, List.of("/usr/bin/systemctl", "reload", unit.text()), Optional.empty());
  }

  /**
   * The unit.
   *
   * @param version which SVID it tells of
   */
  public UnitSpec unit(String version) {
    UnitSpec.Builder unit =
        UnitSpec.oneshot(
                OurUnits.renewed(workload),
                Digest.of(version + argv + user),
                "Tells workload " + workload + " of its new SVID")
            .exec(argv)
            .slice(OurUnits.INFRA_SLICE)
            .set("NoNewPrivileges", new Property.Flag(true))
            .set("TimeoutStartUSec", Property.Unsigned.micros(LONGEST))
            .journalField("MESHX_WORKLOAD", workload.text());
    user.ifPresent(unit::user);
    return unit.build();
  }
}
