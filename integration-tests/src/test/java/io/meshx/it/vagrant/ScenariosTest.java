// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.vagrant;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ScenariosTest {
  private static List<String> filters(String list) {
    return Scenarios.named(list).arguments("discover").stream()
        .filter(argument -> argument.startsWith("--include-") && !argument.contains("-tag="))
        .toList();
  }

  @Test
  void allSuitesRunWhenNoneIsNamed() {
    assertEquals(List.of("--include-classname=.*IT"), filters(" "));
  }

  @Test
  void suitesAreNamedByPartsToo() {
    assertEquals(
        List.of("--include-classname=.*\\.DownIT", "--include-classname=.*\\.Re.*IT"),
        filters("DownIT,Re*IT"));
  }

  @Test
  void aSuiteNamedBesideACaseRunsWhole() {
    assertEquals(
        List.of(
            "--include-classname=.*\\.WholeMachineIT",
            "--include-methodname=.*\\.WholeMachineIT(\\$.*)?#legacy.*",
            "--include-classname=.*\\.DownIT",
            "--include-methodname=.*\\.DownIT(\\$.*)?#.*"),
        filters("WholeMachineIT#legacy*,DownIT"));
  }
}
