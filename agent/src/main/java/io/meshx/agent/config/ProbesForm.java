// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.health.Probe;
import io.meshx.agent.health.Target;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The tables {@code [[probe]]}. */
final class ProbesForm implements Form<List<Probe>> {
  private static final int HIGHEST_PORT = 65535;
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofMinutes(1);

  static final Key<Port> TCP =
      Key.optional(
          "tcp", Forms.port(), "8000", "A port to which a connection can be made, over loopback.");
  static final Key<URI> HTTP =
      Key.optional(
          "http",
          Forms.of("an address such as \"http://127.0.0.1:8000/healthz\"", ProbesForm::http),
          "\"http://127.0.0.1:8000/healthz\"",
          "An address that answers a GET with a status from 200 to 399.");
  static final Key<Port> GRPC =
      Key.optional(
          "grpc", Forms.port(), "9000", "A port at which gRPC's health service says SERVING.");
  static final Key<List<String>> EXEC =
      Key.optional(
          "exec",
          new ExecForm(),
          "[\"/usr/bin/pg_isready\"]",
          "A program that ends with status 0; it runs as the workload's user, and can no more than"
              + " the workload.");
  static final Key<UnitName> UNIT =
      Key.optional(
          "unit",
          Forms.of("the name of a unit", UnitName::new),
          "\"web.socket\"",
          "A unit that is active.");
  static final Key<IpAddress> ADDRESS =
      Key.text(
          "address",
          Forms.of("an IP address", IpAddress::parse),
          "127.0.0.1",
          "Address for tcp and grpc; one of this host.");
  static final Key<String> SERVICE =
      Key.optional(
          "service",
          Forms.of("the name of a gRPC service", text -> text),
          "\"shop.Orders\"",
          "Service for grpc; without it the server as a whole.");
  static final Key<UserName> USER =
      Key.optional(
          "user", new UserForm(), "\"nagios\"", "User for exec, instead of the workload's.");
  static final Key<Duration> PERIOD =
      Key.text(
          "period",
          Forms.duration(SHORTEST, Duration.ofHours(1)),
          "10s",
          "From one try to the next; until the first one passes, twice a second.");
  static final Key<Duration> TIMEOUT =
      Key.text("timeout", Forms.duration(SHORTEST, LONGEST), "1s", "How long a try may take.");
  static final Key<Duration> START_DELAY =
      Key.text(
          "start_delay",
          Forms.duration(Duration.ZERO, Duration.ofHours(1)),
          "0s",
          "How long after the workload's start the first try is made.");
  static final Key<Integer> FAILURES =
      Key.whole(
          "failures",
          Forms.number(1, 100),
          3,
          "So many failures in a row, a period apart, say that it does not serve.");
  static final Key<Integer> SUCCESSES =
      Key.whole(
          "successes", Forms.number(1, 100), 1, "So many in a row say that it serves (again).");

  private static final List<Key<?>> TARGETS = List.of(TCP, HTTP, GRPC, EXEC, UNIT);

  /** Those that cannot stand beside tcp. */
  static final List<Key<?>> NOT_WITH_TCP = List.of(HTTP, GRPC, SERVICE, EXEC, USER, UNIT);

  static final List<Key<?>> ALL =
      List.of(
          TCP,
          ADDRESS,
          HTTP,
          GRPC,
          SERVICE,
          EXEC,
          USER,
          UNIT,
          PERIOD,
          TIMEOUT,
          START_DELAY,
          FAILURES,
          SUCCESSES);

  private static URI http(String text) {
    String allowed = "; allowed: http://HOST:PORT/PATH";
    URI url;
    try {
      url = URI.create(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("'" + text + "' is no URL" + allowed, e);
    }
    if (!"http".equals(url.getScheme()) || url.getHost() == null) {
      throw new IllegalArgumentException(
          "'" + text + "' is no URL of plain HTTP (with TLS, exec can run curl)" + allowed);
    }
    int port = url.getPort();
    if (port == 0 || port > HIGHEST_PORT) {
      throw new IllegalArgumentException("'" + text + "' has no port from 1 to 65535" + allowed);
    }
    if (url.getUserInfo() != null) {
      // Without the text: the address is in the status, and so would the password be.
      throw new IllegalArgumentException("has a user in its address" + allowed);
    }
    return url;
  }

  private static String targets() {
    return TARGETS.stream().map(Key::name).collect(Collectors.joining(", "));
  }

  @Override
  public String allowed() {
    return "tables [[probe]], each with one of " + targets();
  }

  @Override
  public Optional<List<Probe>> read(Node node, Findings findings) {
    if (!(node.value() instanceof Node.Value.Array)) {
      return refuse(node, findings);
    }
    int before = findings.count();
    List<Probe> probes = new ArrayList<>();
    for (Node element : node.elements()) {
      if (element.value() instanceof Node.Value.Table) {
        probe(element, findings).ifPresent(probes::add);
      } else {
        refuse(element, findings);
      }
    }
    return findings.count() == before ? Optional.of(List.copyOf(probes)) : Optional.empty();
  }

  private static Optional<Probe> probe(Node element, Findings findings) {
    int before = findings.count();
    Entries entries = Entries.read(ALL, List.of(element), findings);
    entries.complete(_ -> Optional.empty(), findings);
    List<Key<?>> named = TARGETS.stream().filter(key -> entries.written(key).isPresent()).toList();
    if (named.size() != 1) {
      findings.add(
          element,
          (named.isEmpty()
                  ? "tries nothing"
                  : "tries "
                      + named.stream().map(Key::name).collect(Collectors.joining(" and "))
                      + " at once")
              + "; give each [[probe]] one of "
              + targets());
      return Optional.empty();
    }
    belongs(ADDRESS, List.of(TCP, GRPC), entries, element, findings);
    belongs(SERVICE, List.of(GRPC), entries, element, findings);
    belongs(USER, List.of(EXEC), entries, element, findings);
    if (findings.count() != before) {
      return Optional.empty();
    }
    return Optional.of(
        new Probe(
            target(entries),
            entries.sure(PERIOD),
            entries.sure(TIMEOUT),
            entries.sure(START_DELAY),
            entries.sure(FAILURES),
            entries.sure(SUCCESSES)));
  }

  private static void belongs(
      Key<?> key, List<Key<?>> to, Entries entries, Node element, Findings findings) {
    if (entries.written(key).isPresent()
        && to.stream().noneMatch(each -> entries.written(each).isPresent())) {
      findings.add(
          entries.place(key),
          element.key() + "." + key.name(),
          "belongs to " + to.stream().map(Key::name).collect(Collectors.joining(" or ")));
    }
  }

  private static Target target(Entries entries) {
    if (entries.value(TCP).isPresent()) {
      return new Target.Tcp(entries.sure(ADDRESS), entries.sure(TCP));
    }
    if (entries.value(HTTP).isPresent()) {
      return new Target.Http(entries.sure(HTTP));
    }
    if (entries.value(GRPC).isPresent()) {
      return new Target.Grpc(
          entries.sure(ADDRESS), entries.sure(GRPC), entries.value(SERVICE).orElse(""));
    }
    return entries.value(EXEC).isPresent()
        ? new Target.Exec(entries.sure(EXEC), entries.value(USER))
        : new Target.Active(entries.sure(UNIT));
  }
}
