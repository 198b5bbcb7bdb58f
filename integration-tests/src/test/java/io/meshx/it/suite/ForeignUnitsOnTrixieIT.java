// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.agent.unit.systemd.SystemdForeignUnitsOnHost;
import io.meshx.it.host.Debian;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of units of somebody else, kept by systemd 257 on version 2 cgroups. */
@Tag("host")
final class ForeignUnitsOnTrixieIT extends SystemdForeignUnitsOnHost {
  private static ContractHost host;

  @RegisterExtension static final ReportOnFailure REPORT = new ReportOnFailure(() -> host.lab());

  ForeignUnitsOnTrixieIT() {
    super(host.busAddress(), host);
  }

  @BeforeAll
  static void boot() {
    host = new ContractHost(Debian.TRIXIE);
  }

  @AfterAll
  static void turnOff() {
    host.close();
  }
}
