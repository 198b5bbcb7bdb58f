// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ResolvConfTest {
  private final Path file;

  ResolvConfTest(@TempDir Path directory) {
    this.file = directory.resolve("resolv.conf");
  }

  private List<String> read(String text) throws IOException, FileFailed {
    Files.writeString(file, text);
    return ResolvConf.nameservers(file).stream().map(IpAddress::toString).toList();
  }

  @Test
  void serversAreReadInTheirOrder() throws IOException, FileFailed {
    assertEquals(
        List.of("10.0.0.2", "2001:db8::53", "fe80::1", "127.0.0.53"),
        read(
            """
            # nameserver 10.0.0.1
            domain example.org
            nameserver 10.0.0.2
              nameserver\t2001:db8::53 trailing
            nameserver fe80::1%eth0
            nameserver localhost
            nameserver
            nameservers 10.0.0.3
            nameserver 127.0.0.53\
            """));
  }

  @Test
  void aFileThatIsMissingNamesNone() throws FileFailed {
    assertEquals(List.of(), ResolvConf.nameservers(file));
  }

  @Test
  void aDirectoryIsAnError() throws IOException {
    Files.createDirectory(file);
    assertThrows(FileFailed.class, () -> ResolvConf.nameservers(file));
  }
}
