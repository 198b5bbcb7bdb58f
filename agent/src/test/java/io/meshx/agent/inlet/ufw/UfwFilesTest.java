// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet.ufw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.inlet.Guard;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class UfwFilesTest {
  @TempDir Path root;

  private Guard guard() throws HostException {
    return new UfwFiles(root).observe();
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void enabled(String... tuples) throws IOException {
    write("etc/ufw/ufw.conf", "# /etc/ufw/ufw.conf\nENABLED=yes\nLOGLEVEL=low\n");
    write("etc/default/ufw", "IPV6=yes\nDEFAULT_INPUT_POLICY=\"DROP\"\n");
    StringBuilder rules = new StringBuilder("*filter\n:ufw-user-input - [0:0]\n### RULES ###\n");
    for (String tuple : tuples) {
      rules.append("\n### tuple ### ").append(tuple).append("\n-A ufw-user-input -j ACCEPT\n");
    }
    write("etc/ufw/user.rules", rules.toString());
  }

  @Test
  void aHostWithoutUfwOrWithAnIdleOneIsNotGuarded() throws Exception {
    assertEquals(new Guard.None(), guard());
    enabled();
    write("etc/ufw/ufw.conf", "ENABLED=no\n");
    assertEquals(new Guard.None(), guard());
    enabled();
    write("etc/default/ufw", "DEFAULT_INPUT_POLICY=\"ACCEPT\"\n");
    assertEquals(new Guard.None(), guard());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "allow tcp 4143 0.0.0.0/0 any 0.0.0.0/0 in | true",
        "allow any 4143 0.0.0.0/0 any 0.0.0.0/0 in | true",
        "allow tcp 4000:4200 0.0.0.0/0 any 0.0.0.0/0 in | true",
        "allow tcp 80,4143 0.0.0.0/0 any 0.0.0.0/0 in | true",
        "allow tcp 4143 0.0.0.0/0 any 10.0.0.0/8 in | true",
        "limit tcp 4143 0.0.0.0/0 any 0.0.0.0/0 in | true",
        "allow_log tcp 4143 0.0.0.0/0 any 0.0.0.0/0 in | true",
        "allow any any 0.0.0.0/0 any 10.1.2.3 in | true",
        "allow tcp 4143 0.0.0.0/0 any 0.0.0.0/0 in_eth0 | true",
        "allow udp 4143 0.0.0.0/0 any 0.0.0.0/0 in | false",
        "deny tcp 4143 0.0.0.0/0 any 0.0.0.0/0 in | false",
        "allow tcp 4143 0.0.0.0/0 any 0.0.0.0/0 out | false",
        "allow tcp 4144 0.0.0.0/0 any 0.0.0.0/0 in | false"
      })
  void aRuleLetsAPortInOrDoesNot(String tuple, boolean lets) throws Exception {
    enabled(tuple);
    assertTrue(guard() instanceof Guard.Ufw);
    assertEquals(lets, guard() instanceof Guard.Ufw ufw && ufw.lets(new Port(4143)));
  }

  @Test
  void aRuleThatCannotBeReadIsPassedOver() throws Exception {
    enabled(
        "allow tcp 99999 0.0.0.0/0 any 0.0.0.0/0 in",
        "allow tcp 9:8 0.0.0.0/0 any 0.0.0.0/0 in",
        "allow tcp http 0.0.0.0/0 any 0.0.0.0/0 in",
        "allow tcp 4143 0.0.0.0/0 any 0.0.0.0/0 in");
    assertEquals(new Guard.Ufw(Set.of(PortRange.of(new Port(4143)))), guard());
  }

  @Test
  void withoutRulesNothingIsLetIn() throws Exception {
    enabled();
    assertFalse(guard() instanceof Guard.Ufw ufw && ufw.lets(new Port(22)));
  }
}
