// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.socket.UnixSockets;
import io.meshx.agent.spire.Registrar;
import io.meshx.agent.spire.RegistrarContract;
import io.meshx.agent.testing.RealSpire;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract with a real server, which takes the configuration that we write. */
@Tag("spire")
class RealSpireServerTest extends RegistrarContract {
  @TempDir Path directory;
  private UnixSockets sockets;
  private RealSpire spire;
  private GrpcRegistrar registrar;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    sockets = new UnixSockets();
    spire = new RealSpire(directory, Duration.ofSeconds(60));
    spire.startServer();
    registrar = new GrpcRegistrar(sockets, spire.paths().serverSocket());
  }

  @AfterEach
  void end() {
    sockets.close();
    spire.close();
  }

  @Override
  protected Registrar registrar() {
    return registrar;
  }

  @Test
  void takesTheConfiguration() throws IOException, InterruptedException {
    assertEquals(
        "status 0: SPIRE server configuration file is valid.", spire.validate("spire-server"));
  }
}
