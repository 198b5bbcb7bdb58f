// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.it.mesh.MeshHost;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** Two hosts join, and their workloads talk through both proxies under their identities. */
final class JoinIT {
  @Nested
  @Tag("any-host")
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
