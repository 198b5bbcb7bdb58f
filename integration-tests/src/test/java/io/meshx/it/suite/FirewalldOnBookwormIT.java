// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.agent.inlet.firewalld.FirewalldOnHost;
import io.meshx.agent.model.HostException;
import io.meshx.it.host.Debian;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of the host's firewall, kept by firewalld 1.3. */
@Tag("host")
final class FirewalldOnBookwormIT extends FirewalldOnHost {
  private static ContractHost host;

  @RegisterExtension static final ReportOnFailure REPORT = new ReportOnFailure(() -> host.lab());

  FirewalldOnBookwormIT() {
    super(host.busAddress(), host);
  }

  @BeforeAll
  static void boot() throws HostException {
    host = new ContractHost(Debian.BOOKWORM, "firewalld");
    host.run("sed", "-i", "s/^RFC3964_IPv4=.*/RFC3964_IPv4=no/", "/etc/firewalld/firewalld.conf");
    host.run("systemctl", "restart", "firewalld");
  }

  @AfterAll
  static void close() {
    host.close();
  }
}
