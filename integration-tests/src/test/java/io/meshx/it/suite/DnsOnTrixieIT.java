// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.agent.dns.resolved.ResolvedDnsOnHost;
import io.meshx.it.host.Debian;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of the resolver, kept by systemd-resolved 257. */
@Tag("host")
final class DnsOnTrixieIT extends ResolvedDnsOnHost {
  private static ContractHost host;

  @RegisterExtension static final ReportOnFailure REPORT = new ReportOnFailure(() -> host.lab());

  DnsOnTrixieIT() {
    super(host.busAddress(), host);
  }

  @BeforeAll
  static void boot() {
    host = new ContractHost(Debian.TRIXIE);
  }

  @AfterAll
  static void close() {
    host.close();
  }
}
