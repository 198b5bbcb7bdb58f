// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.enrolment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.enrolment.HostEntries.Member;
import io.meshx.agent.enrolment.HostEntries.Node;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.spire.Registrations;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HostEntriesTest {
  private static final Registrations HOST =
      new Registrations(new TrustDomain("example.org"), new WorkloadName("vm1"));
  private static final List<Member> MEMBERS =
      List.of(
          new Member("agent", HOST.agent()),
          new Member(
              "proxy.web",
              HOST.proxy(
                  SpiffeId.parse("spiffe://example.org/shop/web"),
                  new UnitName("meshx-proxy-web.service"),
                  901)));

  private static HostEntries entries(Node node) {
    return new HostEntries(HOST.alias(), node, MEMBERS);
  }

  @Test
  void commandsOfAHostWithAToken() {
    assertEquals(
        """
        # The join token, which also gives this host its name there:
        spire-server token generate -spiffeID spiffe://example.org/meshx/vm1
        spire-server entry create -parentID spiffe://example.org/meshx/vm1 -spiffeID spiffe://example.org/meshx-agent/vm1 -selector systemd:id:meshx-agent.service -selector unix:uid:0
        spire-server entry create -parentID spiffe://example.org/meshx/vm1 -spiffeID spiffe://example.org/shop/web -selector systemd:id:meshx-proxy-web.service -selector unix:uid:901
        """,
        entries(new Node.ByToken()).commands());
  }

  @Test
  void aSelectorIsQuotedForAShellWhereThatIsNeeded() {
    assertTrue(
        entries(new Node.ByEntry("x509pop", Optional.of("x509pop:subject:cn:it's $HOME")))
            .commands()
            .startsWith(
                "spire-server entry create -node -spiffeID spiffe://example.org/meshx/vm1 -selector"
                    + " 'x509pop:subject:cn:it'\\''s $HOME'\n"));
  }

  @Test
  void aSelectorThatOnlyTheServerKnowsIsLeftOpenAndSaid() {
    String commands = entries(new Node.ByEntry("aws_iid", Optional.empty())).commands();

    assertTrue(commands.startsWith("# Put in what the server calls this host"), commands);
    assertTrue(commands.contains("-selector aws_iid:SELECTOR\n"), commands);
  }

  @Test
  void theParentOfAForeignSpireAgentIsLeftOpenAndSaid() {
    assertTrue(
        entries(new Node.Foreign()).commands().contains("-parentID SPIFFE_ID_OF_THE_SPIRE_AGENT "));
  }

  @Test
  void manifestsOfAHostWithACertificate() {
    assertEquals(
        """
        ---
        apiVersion: spire.spiffe.io/v1alpha1
        kind: ClusterStaticEntry
        metadata:
          name: meshx-vm1.node
        spec:
          spiffeID: "spiffe://example.org/meshx/vm1"
          parentID: "spiffe://example.org/spire/server"
          selectors:
            - "x509pop:subject:cn:vm1"
        ---
        apiVersion: spire.spiffe.io/v1alpha1
        kind: ClusterStaticEntry
        metadata:
          name: meshx-vm1.agent
        spec:
          spiffeID: "spiffe://example.org/meshx-agent/vm1"
          parentID: "spiffe://example.org/meshx/vm1"
          selectors:
            - "systemd:id:meshx-agent.service"
            - "unix:uid:0"
        ---
        apiVersion: spire.spiffe.io/v1alpha1
        kind: ClusterStaticEntry
        metadata:
          name: meshx-vm1.proxy.web
        spec:
          spiffeID: "spiffe://example.org/shop/web"
          parentID: "spiffe://example.org/meshx/vm1"
          selectors:
            - "systemd:id:meshx-proxy-web.service"
            - "unix:uid:901"
        """,
        entries(new Node.ByEntry("x509pop", Optional.of("x509pop:subject:cn:vm1"))).manifests());
  }
}
