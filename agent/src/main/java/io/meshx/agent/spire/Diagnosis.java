// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says why a SPIRE agent has no identity or a SPIRE server does not run, from what it logged. The
 * texts are those of SPIRE 1.15.3, each seen when the mistake was made on purpose, and of systemd
 * where it could not start them.
 */
public final class Diagnosis {
  /**
   * A text to find, and the sentence for it.
   *
   * @param text its first group, if there is one and it matched, takes the place of {@code {}}
   * @param sentence cause, then remedy
   */
  private record Rule(Pattern text, String sentence) {
    static Rule of(String regex, String sentence) {
      return new Rule(Pattern.compile(regex), sentence);
    }

    Optional<String> apply(String line) {
      Matcher matcher = text.matcher(line);
      if (!matcher.find()) {
        return Optional.empty();
      }
      return Optional.of(
          matcher.groupCount() == 0 ? sentence : sentence.replace("{}", matcher.group(1)));
    }
  }

  /** Whatever was wrong before one of these is over. */
  private static final Pattern WELL =
      Pattern.compile("Node attestation was successful|Starting agent APIs|Starting Server APIs");

  private static final String ANEW =
      "a host that joins with a token needs a new one in its token file, any other joins by itself";

  /** How a SPIRE agent loses an identity that it had. */
  private static final List<Rule> LOST =
      List.of(
          Rule.of(
              "SVID key recovered, but SVID is expired",
              "the SPIRE agent's identity expired while it could not renew it; " + ANEW),
          Rule.of(
              "[Aa]gent is banned",
              "the SPIRE server has banned this SPIRE agent; if that was not meant, lift the ban there"
                  + " with 'spire-server agent evict', then "
                  + ANEW),
          Rule.of(
              "Agent failed re-attestation|Agent needs to re-attest: removing SVID",
              "the SPIRE server no longer knows this SPIRE agent: it was evicted there, or the"
                  + " server's database is another one; "
                  + ANEW));

  /** What follows from that at the next start, and so hides it. */
  private static final Rule NO_TOKEN =
      Rule.of(
          "nodeattestor\\(join_token\\): join token was not provided",
          "the SPIRE agent has no identity and no join token; have the SPIRE server make a token"
              + " and put it into the token file");

  private static final List<Rule> OTHERS =
      List.of(
          Rule.of(
              "Failed to set up credentials: (.*)",
              "systemd cannot read a file that it should hand to SPIRE ({}); see that the token file,"
                  + " the trust bundle, and in mode demo the trust anchor's key are there"),
          Rule.of(
              "unable to load upstream CA: certificate and private key do not match",
              "the trust anchor's key is not the key of the trust anchor; give the two that belong"
                  + " together"),
          Rule.of(
              "unable to load upstream CA key: (.*?)(?:\"|$)",
              "the trust anchor's key cannot be read ({}); it must be a PEM file with a private key"),
          Rule.of(
              "unable to load upstream CA cert: (.*?)(?:\"|$)",
              "the trust anchor cannot be read ({}); it must be a PEM file with a certificate"),
          Rule.of(
              "only self-signed CAs are supported",
              "the mode demo takes exactly one trust anchor; leave only the one whose key is given"),
          Rule.of(
              "certificate cannot be validated with the provided bundle or is not self-signed",
              "the trust anchor is not self-signed, or not valid at this host's time; make a new one,"
                  + " or look at this host's clock"),
          Rule.of(
              "listen tcp (\\S+): bind: address already in use",
              "another program listens at {} already; end it, or give SPIRE another port"),
          Rule.of(
              "no space left on device",
              "a disk that SPIRE writes to is full; make room where /var/lib/meshx-agent/spire is"),
          Rule.of(
              "failed to open storage: (.*?)(?:\"|$)",
              "the SPIRE agent cannot read what it has kept ({}); move /var/lib/meshx-agent/spire/agent"
                  + " away, then "
                  + ANEW),
          Rule.of(
              "join token does not exist or has already been used",
              "the SPIRE server does not know the join token, or it was used before; a token works"
                  + " once, so have the server make a new one and put it into the token file"),
          Rule.of(
              "join token expired",
              "the join token has expired; have the SPIRE server make a new one and put it into the"
                  + " token file"),
          Rule.of(
              "unable to read join token file .*: (permission denied|no such file or directory)",
              "the join token file cannot be read ({}); put a token of the SPIRE server into it"),
          Rule.of(
              "join token file is empty",
              "the join token file is empty; put a token of the SPIRE server into it"),
          Rule.of(
              "could not parse trust bundle: (.*?)(?:\"|$)",
              "the trust bundle cannot be read ({}); it must be a PEM file with the SPIRE server's"
                  + " root certificates"),
          Rule.of(
              "no X.509 bundle found for trust domain: [\\\\\"]*([^\\\\\"]+)",
              "the SPIRE server serves the trust domain '{}', which is not the configured one;"
                  + " correct trust_domain, or the server's address"),
          Rule.of(
              "could not find node attestor type [\\\\\"]*([a-z0-9_]+)",
              "the SPIRE server has no node attestor '{}'; configure the plugin of that name there, or"
                  + " set spire.attestor to one that it has"),
          Rule.of(
              "nodeattestor\\(x509pop\\): (certificate verification failed: .*?)(?:\"|$)",
              "the SPIRE server does not accept this host's certificate ({}); compare"
                  + " spire.x509pop.certificate with the authorities of the server's plugin x509pop"),
          Rule.of(
              "x509: certificate signed by unknown authority",
              "the SPIRE server's certificate does not come from the trust bundle; give the bundle"
                  + " of this server, or correct the server's address"),
          Rule.of(
              "certificate has expired or is not yet valid: (current time [^\\\\\"]+)",
              "the SPIRE server's certificate is not valid at this host's time ({}); compare the"
                  + " clocks of this host and of the server, then look at the server's CA"),
          Rule.of(
              "dial tcp (\\S+): connect: connection refused",
              "nothing listens at {}; start the SPIRE server, or correct its address and port"),
          Rule.of(
              "dial tcp (\\S+): (?:i/o timeout|connect: (?:connection timed out|no route to host))",
              "{} does not answer; look for a firewall or a missing route between this host and the"
                  + " SPIRE server"),
          Rule.of(
              "dial tcp (\\S+): connect: network is unreachable",
              "this host has no route to {}; look at its network"),
          Rule.of(
              "no children to pick from|no such host|produced zero addresses",
              "the name of the SPIRE server has no address; correct the server's address, or look at"
                  + " this host's DNS"),
          Rule.of(
              "authentication handshake failed: context deadline exceeded"
                  + "|context canceled while waiting for connections to become ready",
              "what listens at the SPIRE server's address takes connections and says nothing; look"
                  + " at the server, and at what may be in between"),
          Rule.of(
              "authentication handshake failed: EOF",
              "what listens at the SPIRE server's address ends connections at once; look whether it"
                  + " is a SPIRE server"),
          Rule.of(
              "workloadattestor\\(systemd\\): failed to open dbus connection",
              "the SPIRE agent cannot reach the system bus, so it cannot tell in which unit a process"
                  + " runs; look at dbus.service"));

  private Diagnosis() {}

  /**
   * What is wrong, by the newest line that tells.
   *
   * @param lines what SPIRE and systemd logged, oldest first, as JSON or plain text
   * @return cause and remedy; empty if no line tells, or all has gone well since
   */
  public static Optional<String> of(List<String> lines) {
    Optional<String> noToken = Optional.empty();
    for (String line : lines.reversed()) {
      Optional<String> found = first(LOST, line);
      if (found.isEmpty() && noToken.isEmpty()) {
        found = first(OTHERS, line);
        noToken = NO_TOKEN.apply(line);
      }
      if (found.isPresent()) {
        return found;
      }
      if (WELL.matcher(line).find()) {
        break;
      }
    }
    return noToken;
  }

  private static Optional<String> first(List<Rule> rules, String line) {
    return rules.stream().flatMap(rule -> rule.apply(line).stream()).findFirst();
  }
}
