// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.model.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SshListenersTest {
  private static final String HEAD =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
          + " inode\n";

  @TempDir Path proc;

  private void table(String name, String... lines) throws IOException {
    Files.createDirectories(proc.resolve("net"));
    Files.writeString(proc.resolve("net").resolve(name), HEAD + String.join("\n", lines) + "\n");
  }

  private static String line(String local, String state, int inode) {
    return "   0: %s 00000000:0000 %s 00000000:00000000 00:00000000 00000000     0        0 %d 1 0"
        .formatted(local, state, inode);
  }

  private void process(int pid, String name, int... inodes) throws IOException {
    Path files = Files.createDirectories(proc.resolve(Integer.toString(pid)).resolve("fd"));
    Files.writeString(proc.resolve(Integer.toString(pid)).resolve("comm"), name + "\n");
    for (int inode : inodes) {
      Files.createSymbolicLink(
          files.resolve(Integer.toString(inode)), Path.of("socket:[" + inode + "]"));
    }
  }

  @Test
  void thePortsOfSshdAreFoundInBothFamiliesAndNobodyElses() throws IOException {
    table("tcp", line("00000000:0016", "0A", 11), line("0100007F:0050", "0A", 12));
    table("tcp6", line("00000000000000000000000000000000:08AE", "0A", 13));
    process(1, "systemd");
    process(200, "sshd", 11, 13);
    process(300, "nginx", 12);
    assertEquals(Set.of(new Port(22), new Port(2222)), new SshListeners(proc).observe());
  }

  @Test
  void aConnectionOfSshdIsNoListener() throws IOException {
    table("tcp", line("00000000:0050", "0A", 12), line("0A00020F:0016", "01", 11));
    process(200, "sshd", 11);
    assertEquals(Set.of(), new SshListeners(proc).observe());
  }

  @Test
  void systemdMayWaitForSshd() throws IOException {
    table("tcp", line("00000000:0016", "0A", 11), line("00000000:0050", "0A", 12));
    process(1, "systemd", 11, 12);
    assertEquals(Set.of(new Port(22)), new SshListeners(proc).observe());
  }

  @Test
  void aListenerThatComesUpLaterIsFound() throws IOException {
    table("tcp", line("00000000:0050", "0A", 12));
    process(200, "sshd", 11);
    SshListeners listeners = new SshListeners(proc);
    assertEquals(Set.of(), listeners.observe());
    table("tcp", line("00000000:0050", "0A", 12), line("00000000:0016", "0A", 11));
    assertEquals(Set.of(new Port(22)), listeners.observe());
    table("tcp", line("00000000:0050", "0A", 12));
    assertEquals(Set.of(), listeners.observe());
  }

  @Test
  void aHostThatListensNowhereHasNone() throws IOException {
    table("tcp");
    assertEquals(List.of(), List.copyOf(new SshListeners(proc).observe()));
  }
}
