// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Debian;
import io.meshx.it.mesh.Mesh;
import io.meshx.it.mesh.MeshHost;
import io.meshx.it.mesh.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * PostgreSQL as Debian packages it, an instance of a template that forks, becomes a workload while
 * it is written to, and is left as it was with everything that it acknowledged.
 */
@Tag("host")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class PostgresIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String UNIT = "postgresql@17-main.service";
  private static final String SLICE = "meshx-workload-db.slice";
  private static final String SYSTEM = "/system.slice/system-postgresql.slice/" + UNIT;

  private final Mesh mesh = Mesh.open();
  private final Workload web = Workload.first("web");
  private final Workload db = Workload.first("db");
  private MeshHost client;
  private MeshHost server;

  @RegisterExtension final ReportOnFailure report = new ReportOnFailure(mesh::lab);

  PostgresIT() {
    List<MeshHost> hosts =
        mesh.hosts(
            MeshHost.spec("vm1", Debian.BOOKWORM).withPackages("postgresql-client"),
            MeshHost.spec("vm2", Debian.TRIXIE).withPackages("postgresql"));
    this.client = hosts.getFirst();
    this.server = hosts.getLast();
  }

  @BeforeAll
  void join() {
    mesh.set(client, MeshHost.Mode.AGENT, web);
    mesh.set(server, MeshHost.Mode.AGENT, db);
    server.drop(db);
    mesh.service("10.96.50.1", server, db);
    // What its administrator configures.
    server
        .host()
        .write(
            "/etc/postgresql/17/main/conf.d/lab.conf",
            "listen_addresses = '*'\nport = %d\n".formatted(db.port()));
    server.host().sh("sed -i '1i host all all all trust' /etc/postgresql/17/main/pg_hba.conf").ok();
    server.host().exec("systemctl", "restart", UNIT).ok();
    server
        .host()
        .sh(
            "runuser -u postgres -- psql -p %d -c 'create table said (number int)'"
                .formatted(db.port()))
        .ok();
    Mesh.onAll(List.of(client, server), MeshHost::join);
  }

  @AfterAll
  void close() {
    mesh.close();
  }

  private void meshed() {
    server
        .host()
        .write(
            db.path(),
            db.toml()
                .without("process.user")
                .withText("process.unit", UNIT)
                .withText("process.take_over", "restart")
                .with("proxy.opaque_ports", "[%d]".formatted(db.port()))
                .text());
  }

  private String group() {
    return server
        .host()
        .exec("systemctl", "show", "--property=ControlGroup", "--value", UNIT)
        .ok()
        .out();
  }

  /** As the workload of the other host, and so through both proxies. */
  private Result ask(String query) {
    return client
        .host()
        .sh(
            "runuser -u web -- timeout 8 psql -h db.mixed-env.svc.cluster.local -p %d -U postgres -tA -c '%s'"
                .formatted(db.port(), query));
  }

  private String answered(String query) {
    return Await.value(
            SOON, () -> Optional.of(ask(query)).filter(Result::succeeded).map(Result::out))
        .orElseThrow(() -> new AssertionError("no answer: " + ask(query)));
  }

  /** Writes numbers one by one on the host itself, and notes those that were acknowledged. */
  private void beginToWrite() {
    server
        .host()
        .sh(
            """
            cat >/opt/lab/write.sh <<'END'
            number=0
            while [ ! -e /run/enough ]; do
              number=$((number + 1))
              psql -q -h 127.0.0.1 -p %d -U postgres -c "insert into said values ($number)" 2>/dev/null \
                && echo $number >>/run/acknowledged
            done
            END
            rm -f /run/enough; : >/run/acknowledged
            systemd-run --quiet --unit=writer sh /opt/lab/write.sh
            """
                .formatted(db.port()))
        .ok();
  }

  /** Ends that, and compares. */
  private void assertThatNothingIsLost() {
    Await.until("something to be written", SOON, () -> acknowledged() > 20);
    server.host().sh("touch /run/enough").ok();
    Await.until(
        "the writer to end",
        SOON,
        () -> !server.host().exec("systemctl", "is-active", "-q", "writer").succeeded());
    assertEquals(
        "",
        server
            .host()
            .sh(
                """
                psql -h 127.0.0.1 -p %d -U postgres -tA -c 'select number from said' | sort >/run/said
                sort /run/acknowledged | comm -23 - /run/said
                """
                    .formatted(db.port()))
            .ok()
            .out());
  }

  private int acknowledged() {
    return Integer.parseInt(server.host().sh("wc -l </run/acknowledged").ok().out());
  }

  @Test
  @Order(1)
  void itJoinsWhileItIsWrittenToAndAnswersThroughBothProxies() {
    beginToWrite();
    meshed();
    Await.until("it to be in its slice", SOON, () -> group().contains("/" + SLICE + "/"));
    server.awaitJoined();

    assertEquals("1", answered("select 1"));
    assertTrue(
        server
            .proxyMetrics(db)
            .lines()
            .anyMatch(line ->
                line.startsWith("tcp_open_total{direction=\"inbound\"")
                    && line.contains("tls=\"true\"")
                    && line.contains(web.spiffeId())),
        server.proxyMetrics(db));
    assertThatNothingIsLost();
  }

  @Test
  @Order(2)
  void atBootItStartsWhenItsTrafficIsRedirected() {
    server.host().reboot();
    server.awaitJoined();
    Await.until("it to be in its slice", SOON, () -> group().contains("/" + SLICE + "/"));
    assertEquals("1", answered("select 1"));
  }

  @Test
  @Order(3)
  void itLeavesWhileItIsWrittenToAndIsLeftAsItsPackageMadeIt() {
    beginToWrite();
    server.drop(db);
    Await.until("it to be outside", SOON, () -> group().equals(SYSTEM));
    server.awaitJoined();

    assertThatNothingIsLost();
    assertEquals(
        "",
        server
            .host()
            .exec("systemctl", "show", "--property=DropInPaths", "--value", UNIT)
            .ok()
            .out());
    assertFalse(server.host().exec("systemctl", "is-active", SLICE).succeeded());
    assertTrue(server.ourRules().isEmpty(), server::ourRules);
    assertEquals(
        "", server.host().sh("dpkg --verify postgresql-17 postgresql-common || true").ok().out());
  }
}
