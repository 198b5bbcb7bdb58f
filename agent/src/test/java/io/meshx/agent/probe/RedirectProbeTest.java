// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.filter.FilterPaths;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.unit.SpecText;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedirectProbeTest {
  private static final UnitName SLICE = new UnitName("meshx-workload.slice");

  @TempDir Path root;

  private UnitSpec probe(Map<String, String> keys, Set<IpFamily> families) throws ConfigException {
    Workload web =
        Objects.requireNonNull(
            ConfigDirectory.minimal(root, "agent")
                .workload("web", keys)
                .read()
                .workloads()
                .get(new WorkloadName("web")));
    return RedirectProbe.of(
        web,
        SLICE,
        new TreeSet<>(families),
        RedirectProbe.Program.PACKAGED,
        web.closed()
            ? Optional.of(
                new FilterPaths(Path.of("/sys/fs/bpf/meshx/x"), Path.of("/sys/fs/bpf/meshx/x")))
            : Optional.empty());
  }

  @Test
  void theProbeRunsOnceAsTheWorkloadsUserInItsSlice() throws ConfigException {
    UnitSpec spec = probe(Map.of("process.user", "\"www\""), EnumSet.of(IpFamily.V4));
    assertEquals("meshx-probe-web.service", spec.name().text());
    assertEquals(
        """
        CapabilityBoundingSet=Unsigned[value=0]
        Description=Text[value=Redirect probe of workload web]
        Environment=Strings[values=[LC_ALL=C]]
        ExecStart=Commands[argvs=[[/usr/lib/meshx-agent/runtime/bin/java, \
        -XX:TieredStopAtLevel=1, -XX:+UseSerialGC, -XX:-UsePerfData, \
        -Xlog:disable, -XX:+UseCompactObjectHeaders, -cp, \
        /usr/lib/meshx-agent/lib/meshx-agent.jar, io.meshx.agent.probe.Connect, closed, 1404, \
        192.0.2.2]]]
        IPEgressFilterPath=Strings[values=[/sys/fs/bpf/meshx/x]]
        IPIngressFilterPath=Strings[values=[/sys/fs/bpf/meshx/x]]
        LockPersonality=Flag[value=true]
        LogExtraFields=JournalFields[fields={MESHX_WORKLOAD=web}]
        NoNewPrivileges=Flag[value=true]
        RemainAfterExit=Flag[value=true]
        RestrictAddressFamilies=AllowList[values=[AF_INET, AF_INET6, AF_NETLINK, AF_UNIX]]
        RestrictNamespaces=Unsigned[value=67108864]
        RestrictRealtime=Flag[value=true]
        RestrictSUIDSGID=Flag[value=true]
        Slice=Text[value=meshx-workload.slice]
        SuccessExitStatus=ExitStatuses[statuses=[75]]
        SystemCallArchitectures=Strings[values=[native]]
        SystemCallErrorNumber=Signed32[value=1]
        SystemCallFilter=AllowList[values=[@system-service]]
        TimeoutStartUSec=Unsigned[value=60000000]
        Type=Text[value=oneshot]
        User=Text[value=www]
        """,
        SpecText.of(spec));
  }

  @Test
  void aDualStackHostIsProbedInBothFamilies() throws ConfigException {
    String exec =
        String.valueOf(
            probe(Map.of(), EnumSet.allOf(IpFamily.class)).properties().get("ExecStart"));
    assertEquals("closed, 1404, 192.0.2.2, 2001:db8::2]]]", exec.substring(exec.indexOf("closed")));
  }

  @Test
  void anOpenWorkloadIsNotHeldToTheHost() throws ConfigException {
    UnitSpec spec = probe(Map.of("intercept.on_proxy_down", "\"open\""), EnumSet.of(IpFamily.V4));
    assertTrue(SpecText.of(spec).contains("Connect, open, 1404, 192.0.2.2]]]"));
    assertFalse(SpecText.of(spec).contains("FilterPath"));
  }

  @Test
  void anotherProxyPortIsProbedAnew() throws ConfigException {
    Set<IpFamily> families = EnumSet.of(IpFamily.V4);
    assertNotEquals(
        probe(Map.of(), families).fingerprint(),
        probe(Map.of("proxy.outbound", "4240"), families).fingerprint());
  }
}
