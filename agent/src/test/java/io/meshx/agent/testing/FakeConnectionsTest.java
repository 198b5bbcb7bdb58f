// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.connection.Connections;
import io.meshx.agent.connection.ConnectionsContract;

final class FakeConnectionsTest extends ConnectionsContract {
  private static final int REDIRECTED = 99;

  private final FakeConnections connections = new FakeConnections();

  @Override
  protected Connections connections() {
    return connections;
  }

  @Override
  protected void begin(int uid, String address, int port) {
    if (port != REDIRECTED) {
      connections.begin(uid, address, port);
    }
  }

  @Override
  protected void converse(int uid, String address, int port) {
    connections.converse(uid, address, port);
  }

  @Override
  protected void tryAgain() {
    connections.tryAgain();
  }
}
