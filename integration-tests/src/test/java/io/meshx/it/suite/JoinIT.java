// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.it.mesh.MeshHost;
import org.junit.jupiter.api.Nested;

/** Two hosts join, and their workloads talk through both proxies under their identities. */
final class JoinIT {
  @Nested
  final class WithTheSpireServerOfTheCluster extends JoinCases {
    WithTheSpireServerOfTheCluster() {
      super(MeshHost.Mode.AGENT);
    }
  }

  @Nested
  final class WithASpireServerOnEachHost extends JoinCases {
    WithASpireServerOnEachHost() {
      super(MeshHost.Mode.DEMO);
    }
  }
}
