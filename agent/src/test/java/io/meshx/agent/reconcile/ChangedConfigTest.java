// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigDirectory;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.testing.FakeHost;
import io.meshx.agent.testing.Golden;
import io.meshx.agent.testing.Story;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a change of one workload's file does: the least that it needs, and nothing to the other. */
final class ChangedConfigTest {
  private static final Map<String, String> FIRST =
      Map.of("port", "[{ name = \"http\", port = 8000 }]", "proxy.inbound", "4143");

  @TempDir Path directory;

  /** A host where web and api have joined. */
  private FakeHost joined() throws ConfigException {
    FakeHost host = new FakeHost("web", "api", "www");
    Story.of(host, with("web", FIRST)).settle();
    return host;
  }

  private AgentConfig with(String name, Map<String, String> keys) throws ConfigException {
    Map<String, String> all = new TreeMap<>(keys);
    all.putIfAbsent("process.user", "\"web\"");
    return ConfigDirectory.minimal(directory.resolve(name), "agent")
        .workload(
            "api",
            Map.of(
                "proxy.inbound", "4243",
                "proxy.outbound", "4240",
                "proxy.admin", "4291",
                "port", "[{ name = \"http\", port = 8001 }]"))
        .workload(name, all)
        .read();
  }

  private void tells(String golden, AgentConfig next) throws ConfigException {
    FakeHost host = joined();
    String other = units(host, "-api.service");
    Story story = Story.of(host, with("web", FIRST)).settle();

    story.configure(next);

    assertTrue(story.plan().complete(), story.plan().text());
    assertEquals(other, units(host, "-api.service"));
    Golden.check("story/" + golden + ".txt", story.told().replace(directory.toString(), "/etc/m"));
  }

  /** The units whose names have that ending, as they run. */
  private static String units(FakeHost host, String ending) {
    return host.toString()
        .lines()
        .filter(line -> line.contains(ending))
        .collect(Collectors.joining("\n"));
  }

  private static Map<String, String> but(String key, String value) {
    Map<String, String> keys = new TreeMap<>(FIRST);
    keys.put(key, value);
    return keys;
  }

  @Test
  void anotherServedPort() throws ConfigException {
    tells("change-served-port", with("web", but("port", "[{ name = \"http\", port = 8080 }]")));
  }

  @Test
  void anotherInboundPortOfTheProxy() throws ConfigException {
    tells("change-proxy-port", with("web", but("proxy.inbound", "4343")));
  }

  @Test
  void anotherUser() throws ConfigException {
    tells("change-user", with("web", but("process.user", "\"www\"")));
  }

  @Test
  void anotherNamespace() throws ConfigException {
    tells("change-namespace", with("web", but("namespace", "\"other\"")));
  }

  @Test
  void anotherName() throws ConfigException {
    tells("change-name", with("shop", FIRST));
  }
}
