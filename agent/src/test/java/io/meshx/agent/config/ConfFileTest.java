// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.testing.Written;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files in conf/ are the documentation of the keys; {@code -Dgolden=write} writes them. */
class ConfFileTest {
  private static final Path CONF = Path.of("../conf");
  private static final Path MANUAL = Path.of("../packaging/src/man");
  private static final Map<String, String> WORDS =
      Map.of(
          "hostname", "vm-1",
          "host.name", "vm-1",
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
    Written.check(CONF.resolve(name), rendered);
    return rendered;
  }

  @Test
  void theManualHasEveryKey() throws IOException {
    // Where the files show what a template becomes, the manual shows the template.
    Function<String, Optional<String>> itself = word -> Optional.of("<" + word + ">");
    Written.check(MANUAL.resolve("agent.toml.5"), KeysPage.agent(itself));
    Written.check(MANUAL.resolve("workload.toml.5"), KeysPage.workload(itself));
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
      assertShownIsDefault(AgentKeys.ALL, shown, Map.of(AgentKeys.SPIRE_MODE, mode));
    }
    for (String attestor : List.of("x509pop", "sshpop", "tpm_devid", "http_challenge", "gcp_iit")) {
      assertShownIsDefault(AgentKeys.ALL, shown, Map.of(AgentKeys.ATTESTOR, attestor));
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
    assertShownIsDefault(WorkloadKeys.ALL, shown, Map.of());
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
      List<Key<?>> keys, Entries shown, Map<Key<String>, String> set) {
    Place place = new Place(0, Path.of("x"), 0);
    Findings missing = new Findings();
    StringBuilder text = new StringBuilder();
    set.forEach((key, value) -> text.append(key.name() + " = \"" + value + "\"\n"));
    Node table = TomlSource.parse(text.toString(), place, missing).orElseThrow();
    Entries defaults = Entries.read(keys, List.of(table), missing);
    defaults.complete(ConfFileTest::word, missing);
    List<String> compared = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (Key<?> key : keys) {
      if (set.containsKey(key)) {
        continue;
      }
      if (hasMeaning(key, defaults)
          && !(key.standard() instanceof Key.Standard.Required)
          && !(key.standard() instanceof Key.Standard.None)) {
        expected.add(key.name());
      }
      if (defaults.value(key).isPresent()) {
        compared.add(key.name());
        assertEquals(defaults.value(key), shown.value(key), key.name());
      } else {
        assertEquals(true, shown.value(key).isPresent(), key.name());
      }
    }
    assertEquals(expected, compared);
  }

  private static boolean hasMeaning(Key<?> key, Entries entries) {
    return key.when()
        .map(when ->
            hasMeaning(when.key(), entries)
                && entries.value(when.key()).equals(Optional.of(when.value())))
        .orElse(true);
  }
}
