// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.config.ConfigDirectory;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentFileTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "plain",
        "127.0.0.1:4140,[::1]:4140",
        "with blank ",
        " leading",
        "it's",
        "'",
        "''",
        "\"double\"",
        "back\\slash\\",
        "$HOME ${HOME} `id`",
        "# no comment",
        "; none either",
        "a\nb\n",
        "\n",
        "{\"ns\":\"mixed-env\"}",
        "warn,[{headers}]=off",
        "Grüße",
        ConfigDirectory.ANCHOR
      })
  void systemdReadsWhatWasSet(String value) {
    String text = new EnvironmentFile().set("A", "first").set("B", value).set("C", "last").text();
    assertEquals(
        new TreeMap<>(Map.of("A", "first", "B", value, "C", "last")),
        SystemdEnvironment.parse(text));
  }

  @Test
  void systemdReadsAnyMixtureOfSpecialCharacters() {
    Random random = new Random(20261122);
    String alphabet = "'\"\\$`#; \t\na=%{}ä";
    for (int round = 0; round < 2000; round++) {
      StringBuilder value = new StringBuilder();
      int length = 1 + random.nextInt(12);
      for (int i = 0; i < length; i++) {
        value.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      String text = new EnvironmentFile().set("A", value.toString()).text();
      assertEquals(Map.of("A", value.toString()), SystemdEnvironment.parse(text), text);
    }
  }

  @Test
  void anEmptyValueIsRefusedBecauseTheProxyTakesItForAnError() {
    EnvironmentFile file = new EnvironmentFile();
    assertThrows(IllegalArgumentException.class, () -> file.set("A", ""));
  }
}
