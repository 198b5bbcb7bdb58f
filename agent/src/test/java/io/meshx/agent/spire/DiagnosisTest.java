// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lines are those of SPIRE 1.15.3, without the fields that do not matter. */
class DiagnosisTest {
  private static final String NOISE =
      """
      {"check":"agent","error":"subsystem is not ready","level":"warning","msg":"Health check failed"}\
      """;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"error":"failed to receive attestation response: rpc error: code = InvalidArgument desc = failed to attest: join token does not exist or has already been used","level":"warning","msg":"Failed to retrieve attestation result"} | the SPIRE server does not know the join token, or it was used before; a token works once, so have the server make a new one and put it into the token file
          {"error":"failed to receive attestation response: rpc error: code = InvalidArgument desc = join token expired","level":"warning","msg":"Failed to retrieve attestation result"} | the join token has expired; have the SPIRE server make a new one and put it into the token file
          unable to read join token file "/t": open /t: no such file or directory | the join token file cannot be read (no such file or directory); put a token of the SPIRE server into it
          unable to read join token file "/t": open /t: permission denied | the join token file cannot be read (permission denied); put a token of the SPIRE server into it
          join token file is empty | the join token file is empty; put a token of the SPIRE server into it
          {"error":"rpc error: code = InvalidArgument desc = nodeattestor(join_token): join token was not provided","level":"warning","msg":"Failed to retrieve attestation result"} | the SPIRE agent has no identity and no join token; have the SPIRE server make a token and put it into the token file
          {"error":"could not parse trust bundle: open /b.pem: no such file or directory","level":"warning","msg":"Failed to retrieve attestation result"} | the trust bundle cannot be read (open /b.pem: no such file or directory); it must be a PEM file with the SPIRE server's root certificates
          {"error":"could not open attestation stream to SPIRE server: rpc error: code = Unavailable desc = no children to pick from","level":"warning"} | the name of the SPIRE server has no address; correct the server's address, or look at this host's DNS
          {"error":"could not open attestation stream to SPIRE server: rpc error: code = Unavailable desc = connection error: desc = \\"transport: authentication handshake failed: x509svid: could not get X509 bundle: x509bundle: no X.509 bundle found for trust domain: \\\\\\"root.linkerd.cluster.local\\\\\\"\\"","level":"warning"} | the SPIRE server serves the trust domain 'root.linkerd.cluster.local', which is not the configured one; correct trust_domain, or the server's address
          {"error":"desc = \\"transport: authentication handshake failed: x509svid: could not verify leaf certificate: x509: certificate signed by unknown authority\\"","level":"warning"} | the SPIRE server's certificate does not come from the trust bundle; give the bundle of this server, or correct the server's address
          {"error":"x509: certificate has expired or is not yet valid: current time 2026-11-22T21:05:19Z is after 2020-01-02T00:00:00Z\\"","level":"warning"} | the SPIRE server's certificate is not valid at this host's time (current time 2026-11-22T21:05:19Z is after 2020-01-02T00:00:00Z); compare the clocks of this host and of the server, then look at the server's CA
          {"error":"desc = \\"transport: Error while dialing: dial tcp 127.0.0.1:8081: connect: connection refused\\"","level":"error","msg":"Synchronize failed"} | nothing listens at 127.0.0.1:8081; start the SPIRE server, or correct its address and port
          {"error":"desc = \\"transport: Error while dialing: dial tcp 192.0.2.9:8081: i/o timeout\\"","level":"warning"} | 192.0.2.9:8081 does not answer; look for a firewall or a missing route between this host and the SPIRE server
          {"error":"desc = \\"transport: Error while dialing: dial tcp 192.0.2.1:8081: connect: no route to host\\"","level":"warning"} | 192.0.2.1:8081 does not answer; look for a firewall or a missing route between this host and the SPIRE server
          {"error":"desc = \\"transport: Error while dialing: dial tcp [2001:db8::1]:8081: connect: network is unreachable\\"","level":"warning"} | this host has no route to [2001:db8::1]:8081; look at its network
          {"error":"desc = \\"transport: authentication handshake failed: context deadline exceeded\\"","level":"warning"} | what listens at the SPIRE server's address takes connections and says nothing; look at the server, and at what may be in between
          {"error":"rpc error: code = Canceled desc = context canceled while waiting for connections to become ready","level":"warning"} | what listens at the SPIRE server's address takes connections and says nothing; look at the server, and at what may be in between
          {"error":"desc = \\"transport: authentication handshake failed: EOF\\"","level":"warning"} | what listens at the SPIRE server's address ends connections at once; look whether it is a SPIRE server
          {"error":"failed to configure plugin \\"disk\\": rpc error: code = InvalidArgument desc = unable to load upstream CA: certificate and private key do not match","level":"error","msg":"Server crashed"} | the trust anchor's key is not the key of the trust anchor; give the two that belong together
          {"error":"rpc error: code = InvalidArgument desc = unable to load upstream CA key: open /k: no such file or directory","level":"error","msg":"Server crashed"} | the trust anchor's key cannot be read (open /k: no such file or directory); it must be a PEM file with a private key
          {"error":"rpc error: code = InvalidArgument desc = unable to load upstream CA cert: no PEM blocks","level":"error","msg":"Server crashed"} | the trust anchor cannot be read (no PEM blocks); it must be a PEM file with a certificate
          {"error":"rpc error: code = InvalidArgument desc = with no bundle_file_path configured only self-signed CAs are supported","level":"error","msg":"Server crashed"} | the mode demo takes exactly one trust anchor; leave only the one whose key is given
          {"error":"rpc error: code = InvalidArgument desc = unable to load upstream CA: certificate cannot be validated with the provided bundle or is not self-signed","level":"error","msg":"Server crashed"} | the trust anchor is not self-signed, or not valid at this host's time; make a new one, or look at this host's clock
          {"error":"listen tcp 127.0.0.1:8081: bind: address already in use","level":"error","msg":"Server crashed"} | another program listens at 127.0.0.1:8081 already; end it, or give SPIRE another port
          meshx-spire-agent.service: Failed to set up credentials: No such file or directory | systemd cannot read a file that it should hand to SPIRE (No such file or directory); see that the token file, the trust bundle, and in mode demo the trust anchor's key are there
          {"error":"rpc error: code = Internal desc = workloadattestor(systemd): failed to open dbus connection: dial unix /var/run/dbus/system_bus_socket: connect: no such file or directory","level":"error"} | the SPIRE agent cannot reach the system bus, so it cannot tell in which unit a process runs; look at dbus.service
          """)
  void saysCauseAndRemedy(String line, String sentence) {
    assertEquals(Optional.of(sentence), Diagnosis.of(List.of(line, NOISE)));
  }

  @Test
  void knowsADataDirectoryThatIsDamaged() {
    assertEquals(
        Optional.of(
            "the SPIRE agent cannot read what it has kept (failed to unmarshal data: invalid"
                + " character 'd' looking for beginning of object key string); move"
                + " /var/lib/meshx-agent/spire/agent away, then a host that joins with a token needs"
                + " a new one in its token file, any other joins by itself"),
        Diagnosis.of(
            List.of(
                "{\"error\":\"failed to open storage: failed to unmarshal data: invalid character"
                    + " 'd' looking for beginning of object key"
                    + " string\",\"level\":\"error\",\"msg\":\"Agent crashed\"}")));
  }

  @Test
  void knowsABannedSpireAgentThatTriesAgain() {
    assertTrue(
        Diagnosis.of(
                List.of(
                    "{\"error\":\"failed to receive attestation response: rpc error: code ="
                        + " PermissionDenied desc = failed to attest: agent is"
                        + " banned\",\"level\":\"error\",\"msg\":\"Agent crashed\"}"))
            .orElse("")
            .startsWith("the SPIRE server has banned this SPIRE agent"));
  }

  @Test
  void knowsASpireAgentThatWasBannedWhileItRan() {
    assertEquals(
        Optional.of(
            "the SPIRE server has banned this SPIRE agent; if that was not meant, lift the"
                + " ban there with 'spire-server agent evict', then a host that joins with a token"
                + " needs a new one in its token file, any other joins by itself"),
        Diagnosis.of(
            List.of(
                "{\"error\":\"failed to fetch authorized entries: rpc error: code ="
                    + " PermissionDenied desc = authorization denied\",\"msg\":\"Agent is banned:"
                    + " removing SVID and shutting down\"}",
                "{\"error\":\"failed to fetch authorized entries: rpc error: code ="
                    + " PermissionDenied desc = authorization denied\",\"msg\":\"Agent"
                    + " crashed\"}")));
  }

  @ParameterizedTest
  @CsvSource({
    "Agent failed re-attestation; removing SVID and shutting down",
    "Agent needs to re-attest: removing SVID and shutting down"
  })
  void knowsASpireAgentThatWasEvicted(String message) {
    assertEquals(
        Optional.of(
            "the SPIRE server no longer knows this SPIRE agent: it was evicted there, or the"
                + " server's database is another one; a host that joins with a token needs a new"
                + " one in its token file, any other joins by itself"),
        Diagnosis.of(List.of("{\"msg\":\"" + message + "\"}", "{\"msg\":\"Agent crashed\"}")));
  }

  @Test
  void prefersTheReasonToTheMissingTokenThatFollowsFromIt() {
    assertEquals(
        Optional.of(
            "the SPIRE agent's identity expired while it could not renew it; a host that joins"
                + " with a token needs a new one in its token file, any other joins by itself"),
        Diagnosis.of(
            List.of(
                "{\"level\":\"warning\",\"msg\":\"SVID key recovered, but SVID is expired."
                    + " Generating new keypair\"}",
                "{\"error\":\"rpc error: code = InvalidArgument desc = nodeattestor(join_token):"
                    + " join token was not provided\"}")));
  }

  @Test
  void saysNothingOfWhatIsOver() {
    assertEquals(
        Optional.empty(),
        Diagnosis.of(
            List.of(
                "{\"error\":\"dial tcp 127.0.0.1:8081: connect: connection refused\"}",
                "{\"msg\":\"Node attestation was successful\"}",
                NOISE)));
  }

  @Test
  void saysNothingOfWhatItDoesNotKnow() {
    assertEquals(Optional.empty(), Diagnosis.of(List.of()));
    assertEquals(Optional.empty(), Diagnosis.of(List.of(NOISE, "")));
  }
}
