// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.probe;

import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.filter.FilterPaths;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.Nobody;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * The unit that proves a workload's outbound redirect: as the workload's user and in its slice it
 * connects to addresses that nobody has. Only a redirect can make that succeed.
 */
public final class RedirectProbe {
  /** The program gives up after seconds by itself; on a slow machine its start takes the rest. */
  private static final Duration LONGEST = Duration.ofSeconds(60);

  private RedirectProbe() {}

  /**
   * Where the packaged program is.
   *
   * @param java the Java runtime's launcher
   * @param jar the agent's own jar
   */
  public record Program(Path java, Path jar) {
    /** As the packages install it. */
    public static final Program PACKAGED =
        new Program(
            Path.of("/usr/lib/meshx-agent/runtime/bin/java"),
            Path.of("/usr/lib/meshx-agent/lib/meshx-agent.jar"));
  }

  /**
   * The probe for a workload.
   *
   * @param slice the workload's slice, by which one without a user of its own is known
   * @param families the address families that the host has
   * @param filter the workload's packet filter; with it the probe also proves that nothing leaves
   *     past the redirect
   */
  public static UnitSpec of(
      Workload workload,
      UnitName slice,
      SortedSet<IpFamily> families,
      Program program,
      Optional<FilterPaths> filter) {
    List<String> argv =
        new ArrayList<>(
            List.of(
                program.java().toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Xlog:disable",
                // The packaged runtime has its own classes ready for objects of this layout only.
                "-XX:+UseCompactObjectHeaders",
                "-cp",
                program.jar().toString(),
                Connect.class.getName(),
                filter.isPresent() ? Connect.CLOSED : Connect.OPEN,
                Nobody.PORT.toString(),
                Nobody.in(IpFamily.V4).toString()));
    if (families.contains(IpFamily.V6)) {
      argv.add(Nobody.in(IpFamily.V6).toString());
    }
    Digest config = Digest.of(workload.given().process() + "/" + workload.given().proxy());
    TreeMap<String, String> environment = new TreeMap<>();
    environment.put("LC_ALL", "C");
    UnitSpec.Builder unit =
        UnitSpec.oneshot(
                OurUnits.probe(workload.name()),
                config,
                "Redirect probe of workload " + workload.name())
            .exec(argv)
            .slice(slice)
            .environment(environment)
            .sandboxedCalls()
            .set("TimeoutStartUSec", Property.Unsigned.micros(LONGEST))
            .journalField("MESHX_WORKLOAD", workload.name().text());
    workload
        .user()
        .ifPresentOrElse(unit::user, () -> unit.set("DynamicUser", new Property.Flag(true)));
    filter.ifPresent(files -> unit.packetFilter(files).alsoEndsWellWith(Connect.NO_REDIRECT));
    return unit.build();
  }
}
