// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EveryKeyWrongTest {
  private static final Map<String, String> WRONG =
      Map.of(
          "true", "a boolean",
          "\"\"", "an empty string",
          "1.5", "a fraction",
          "1979-05-27", "a date or time");

  @TempDir Path root;

  static Stream<Key<?>> agentKeys() {
    return AgentKeys.ALL.stream();
  }

  static Stream<Key<?>> workloadKeys() {
    return WorkloadKeys.ALL.stream();
  }

  @ParameterizedTest
  @MethodSource("agentKeys")
  void aWrongKindOfValueIsOneProblemAtItsLine(Key<?> key) {
    WRONG.forEach((value, kind) -> {
      ConfigDirectory directory = directoryFor(key).agent(key.name(), value);
      assertEquals(
          List.of("agent.toml:" + directory.lineOf(key.name()) + ": " + refusal(key, kind)),
          directory.problems());
    });
  }

  @ParameterizedTest
  @MethodSource("workloadKeys")
  void aWrongKindOfValueInAWorkloadIsOneProblemAtItsLine(Key<?> key) {
    WRONG.forEach((value, kind) -> {
      ConfigDirectory directory =
          directoryFor(key).file("workloads/web.toml", line(key, value) + leastWithout(key));
      assertEquals(List.of("workloads/web.toml:1: " + refusal(key, kind)), directory.problems());
    });
  }

  @ParameterizedTest
  @MethodSource("agentKeys")
  void aMistypedKeyIsRecognised(Key<?> key) {
    ConfigDirectory directory = directoryFor(key).agent(key.name() + "x", "1");
    assertEquals(
        List.of(
            "agent.toml:"
                + directory.lineOf(key.name() + "x")
                + ": "
                + key.name()
                + "x: unknown key (did you mean '"
                + key.name()
                + "'?)"),
        directory.problems());
  }

  @ParameterizedTest
  @MethodSource("workloadKeys")
  void aMistypedKeyInAWorkloadIsRecognised(Key<?> key) {
    ConfigDirectory directory =
        directoryFor(key)
            .workload("web", Map.of())
            .file(
                "workloads/web.toml",
                key.name() + "x = 1\nnamespace = \"mixed-env\"\nprocess.user = \"web\"\n");
    assertEquals(
        List.of(
            "workloads/web.toml:1: "
                + key.name()
                + "x: unknown key (did you mean '"
                + key.name()
                + "'?)"),
        directory.problems());
  }

  static Stream<Key<?>> requiredAgentKeys() {
    return agentKeys().filter(key -> key.standard() instanceof Key.Standard.Required);
  }

  @ParameterizedTest
  @MethodSource("requiredAgentKeys")
  void aMissingKeyIsOneProblemOfTheFile(Key<?> key) {
    assertEquals(
        List.of("agent.toml: " + key.name() + ": is missing; allowed: " + key.form().allowed()),
        directoryFor(key).without(key.name()).problems());
  }

  @ParameterizedTest
  @MethodSource("requiredWorkloadKeys")
  void aMissingKeyInAWorkloadIsOneProblemOfTheFile(Key<?> key) {
    assertEquals(
        List.of(
            "workloads/web.toml: " + key.name() + ": is missing; allowed: " + key.form().allowed()),
        directoryFor(key).file("workloads/web.toml", leastWithout(key)).problems());
  }

  static Stream<Key<?>> requiredWorkloadKeys() {
    return workloadKeys().filter(key -> key.standard() instanceof Key.Standard.Required);
  }

  private ConfigDirectory directoryFor(Key<?> key) {
    return ConfigDirectory.least(root, key);
  }

  private static String line(Key<?> key, String value) {
    return key.name() + " = " + value + "\n";
  }

  private static String leastWithout(Key<?> key) {
    return (key.equals(WorkloadKeys.NAMESPACE) ? "" : "namespace = \"mixed-env\"\n")
        + (key.equals(WorkloadKeys.USER) ? "" : "process.user = \"web\"\n");
  }

  private static String refusal(Key<?> key, String kind) {
    return key.name() + ": is " + kind + "; allowed: " + key.form().allowed();
  }
}
