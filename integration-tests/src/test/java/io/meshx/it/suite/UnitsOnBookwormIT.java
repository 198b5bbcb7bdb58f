// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.agent.unit.systemd.SystemdUnitsOnHost;
import io.meshx.it.host.Debian;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of units, kept by systemd 252 on hybrid cgroups. */
@Tag("host")
final class UnitsOnBookwormIT extends SystemdUnitsOnHost {
  private static ContractHost host;

  @RegisterExtension static final ReportOnFailure REPORT = new ReportOnFailure(() -> host.lab());

  UnitsOnBookwormIT() {
    super(host.busAddress(), host);
  }

  @BeforeAll
  static void boot() {
    host = new ContractHost(Debian.BOOKWORM);
  }

  @AfterAll
  static void close() {
    host.close();
  }
}
