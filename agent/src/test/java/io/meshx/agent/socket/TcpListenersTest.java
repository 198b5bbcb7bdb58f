// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.Port;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TcpListenersTest {
  private static final TcpListeners KERNEL = new TcpListeners(Path.of("/proc/net"));

  @Test
  void theKernelsListHasAllThatListenAndNoConnection() throws IOException {
    List<ServerSocket> servers = new ArrayList<>();
    try {
      Set<Port> open = new HashSet<>();
      for (String address : List.of("127.0.0.1", "0.0.0.0", "127.0.0.1", "127.0.0.1")) {
        ServerSocket server = new ServerSocket(0, 1, InetAddress.ofLiteral(address));
        servers.add(server);
        open.add(new Port(server.getLocalPort()));
      }
      try (Socket client =
          new Socket(servers.getFirst().getInetAddress(), servers.getFirst().getLocalPort())) {
        Set<Port> seen = Set.copyOf(KERNEL.observe().values());
        open.forEach(port -> assertTrue(seen.contains(port), () -> port + " in " + seen));
        assertFalse(seen.contains(new Port(client.getLocalPort())));
      }
    } finally {
      for (ServerSocket server : servers) {
        server.close();
      }
    }
  }

  @Test
  void aKernelWithoutBothFamiliesHasNone(@TempDir Path empty) throws IOException {
    assertEquals(Map.of(), new TcpListeners(empty).observe());
  }
}
