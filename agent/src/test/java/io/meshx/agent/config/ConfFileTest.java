// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files in conf/ are the documentation of the keys; {@code -Dgolden=write} writes them. */
class ConfFileTest {
  private static final Path CONF = Path.of("../conf");
  private static final Map<String, String> WORDS =
      Map.of(
          "hostname", "vm-1",
          "name", "web",
          "namespace", "mixed-env",
          "mesh.trust_domain", "root.linkerd.cluster.local",
          "mesh.trust_anchors", "trust-anchors.pem",
          "mesh.cluster_domain", "cluster.local",
          "intercept.on_proxy_down", "closed");
  @TempDir Path root;

  private static Optional<String> word(String word) {
    return Optional.ofNullable(WORDS.get(word));
  }

  private static String checked(String name, String rendered) throws IOException {
    Path file = CONF.resolve(name);
    if ("write".equals(System.getProperty("golden"))) {
      Files.createDirectories(file.resolveSibling("."));
      Files.writeString(file, rendered);
    }
    String text = Files.readString(file);
    assertEquals(rendered, text);
    return text;
  }

  @Test
  void agentTomlDocumentsEveryKey() throws IOException {
    checked("agent.toml", ConfText.agent(ConfFileTest::word));
  }

  @Test
  void theWorkloadsExampleDocumentsEveryKey() throws IOException {
    checked("workloads/web.toml.example", ConfText.workload(ConfFileTest::word));
  }

  @Test
  void agentTomlAsShippedAsksForWhatIsRequired() throws IOException {
    ConfigDirectory directory =
        ConfigDirectory.minimal(root, "agent")
            .file("agent.toml", checked("agent.toml", ConfText.agent(ConfFileTest::word)));
    assertEquals(
        List.of("mesh.trust_domain", "mesh.trust_anchors", "host.addresses", "spire.server"),
        directory.problems().stream()
            .map(problem -> problem.replaceAll("agent.toml: (\\S+): is missing.*", "$1"))
            .toList());
  }

  @Test
  void whatAgentTomlShowsIsTheDefault() throws IOException {
    Findings findings = new Findings();
    Entries shown =
        shown(AgentKeys.ALL, "agent.toml", ConfText.agent(ConfFileTest::word), findings);
    for (String mode : List.of("agent", "external", "demo")) {
      assertShownIsDefault(AgentKeys.ALL, shown, Optional.of(mode));
    }
    assertEquals(List.of(), findings.inOrder());
  }

  @Test
  void whatTheExampleShowsIsTheDefault() throws IOException {
    Findings findings = new Findings();
    Entries shown =
        shown(
            WorkloadKeys.ALL,
            "workloads/web.toml.example",
            ConfText.workload(ConfFileTest::word),
            findings);
    assertShownIsDefault(WorkloadKeys.ALL, shown, Optional.empty());
    assertEquals(List.of(), findings.inOrder());
  }

  @Test
  void theExampleIsAWorkload() throws ConfigException, IOException {
    ConfigDirectory directory =
        ConfigDirectory.minimal(root, "agent")
            .file(
                "workloads/web.toml",
                checked("workloads/web.toml.example", ConfText.workload(ConfFileTest::word)));
    assertEquals("[web]", directory.read().workloads().keySet().toString());
  }

  private static Entries shown(List<Key<?>> keys, String name, String rendered, Findings findings)
      throws IOException {
    String all = checked(name, rendered).replaceAll("(?m)^#(?! |$)", "");
    Place place = new Place(0, Path.of(name), 0);
    Node table = TomlSource.parse(all, place, findings).orElseThrow();
    return Entries.read(keys, List.of(table), findings);
  }

  private static void assertShownIsDefault(
      List<Key<?>> keys, Entries shown, Optional<String> mode) {
    Node nothing = Node.table("", new Place(0, Path.of("x"), 0), Map.of());
    Entries defaults = Entries.read(keys, List.of(nothing), new Findings());
    Findings missing = new Findings();
    defaults.complete(mode, ConfFileTest::word, missing);
    List<String> compared = new ArrayList<>();
    for (Key<?> key : keys) {
      boolean fits = key.mode().isEmpty() || mode.equals(Optional.of(key.mode()));
      if (fits && defaults.value(key).isPresent()) {
        compared.add(key.name());
        assertEquals(defaults.value(key), shown.value(key), key.name());
      } else {
        assertEquals(true, shown.value(key).isPresent(), key.name());
      }
    }
    assertEquals(
        keys.stream()
            .filter(key -> key.mode().isEmpty() || mode.equals(Optional.of(key.mode())))
            .filter(key -> !(key.standard() instanceof Key.Standard.Required))
            .filter(key -> !(key.standard() instanceof Key.Standard.None))
            .map(Key::name)
            .collect(Collectors.toList()),
        compared);
  }
}
