// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.Lease;
import io.meshx.agent.registry.LeaseState;
import io.meshx.agent.registry.Material;
import io.meshx.agent.registry.NodeNetwork;
import io.meshx.agent.registry.NodesState;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.Registry;
import io.meshx.agent.registry.RegistryContract;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.testing.FakeFiles;
import io.meshx.agent.testing.RealKubernetes;
import io.meshx.agent.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real kube-apiserver. */
@Tag("kubernetes")
final class KubernetesRegistryTest extends RegistryContract {
  @TempDir static Path directory;
  private static RealKubernetes cluster;

  @TempDir Path own;
  private KubernetesRegistry registry;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    cluster = new RealKubernetes(directory);
    cluster.kubectl("", "create", "namespace", NAMESPACE.text());
    cluster.kubectl("", "create", "namespace", Lease.NAMESPACE);
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @BeforeEach
  void open() throws IOException {
    Files.writeString(token(), RealKubernetes.ADMINISTRATOR + "\n");
    registry =
        new KubernetesRegistry(
            own.resolve("enlisted"),
            new FakeFiles(List.of(), Set.of(own)),
            InstantSource.system(),
            new SecureRandom());
  }

  @AfterEach
  void close() throws IOException, InterruptedException {
    registry.close();
    cluster.kubectl("", "delete", "externalworkloads", "--all", "--namespace=" + NAMESPACE);
  }

  private Path token() {
    return own.resolve("token");
  }

  @Override
  protected Registry registry() {
    return registry;
  }

  @Override
  protected ClusterAccess access() {
    return access(HOST);
  }

  private ClusterAccess access(WorkloadName host) {
    return access(
        host, cluster.authority(), new ApiAccess.Credentials.Token(new Material.InFile(token())));
  }

  private static ClusterAccess access(
      WorkloadName host, Path authority, ApiAccess.Credentials credentials) {
    return new ClusterAccess(
        new ApiAccess(cluster.address(), new Material.InFile(authority), credentials),
        host,
        Duration.ofMillis(100));
  }

  @Override
  protected void others(ResourceName resource, ExternalWorkload says) throws HostException {
    try (KubernetesRegistry other =
        new KubernetesRegistry(
            own.resolve("of-another"),
            new FakeFiles(List.of(), Set.of(own)),
            InstantSource.system(),
            new SecureRandom())) {
      other.follow(Optional.of(access(new WorkloadName("vm-2"))), new TreeSet<>());
      other.enlist(resource, WEB, says);
    }
  }

  @Override
  protected void delete(ResourceName resource) throws IOException, InterruptedException {
    kubectl("delete", resource);
  }

  @Override
  protected void label(ResourceName resource, String key, String value)
      throws IOException, InterruptedException {
    kubectl("label", resource, key + "=" + value);
  }

  private static String kubectl(String verb, ResourceName resource, String... more)
      throws IOException, InterruptedException {
    String[] argv = new String[more.length + 4];
    argv[0] = verb;
    argv[1] = "externalworkload";
    argv[2] = resource.name().text();
    argv[3] = "--namespace=" + resource.namespace();
    System.arraycopy(more, 0, argv, 4, more.length);
    return cluster.kubectl("", argv);
  }

  private void awaitApi(Class<? extends ApiHealth> wanted) throws InterruptedException {
    LinkedBlockingQueue<String> signals = new LinkedBlockingQueue<>();
    registry.onChange(() -> signals.add("again"));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!wanted.isInstance(registry.observe().api())) {
      assertTrue(System.nanoTime() < end, registry.observe().api().toString());
      signals.poll(100, TimeUnit.MILLISECONDS);
    }
  }

  @Test
  void conditionsOfOthersStayAndTheTimeOfAChangeIsKept() throws Exception {
    ResourceName resource = named("conditions");
    follow(resource);
    registry.enlist(resource, WEB, web(9000));
    awaitState(resource, state -> present(state).isPresent());
    kubectl(
        "patch",
        resource,
        "--subresource=status",
        "--type=merge",
        "--patch={\"status\":{\"conditions\":[{\"type\":\"Audited\",\"status\":\"True\"},"
            + "{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"Hand\","
            + "\"lastTransitionTime\":\"2026-01-01T00:00:00Z\"}]}}");
    awaitState(resource, state -> present(state).filter(it -> it.ready()).isPresent());

    registry.setReady(resource, WEB, new Readiness(true, "Joined", "all is well"));

    String said = kubectl("get", resource, "--output=jsonpath={.status.conditions}");
    assertTrue(said.contains("\"Audited\"") && said.contains("2026-01-01T00:00:00Z"), said);
    assertTrue(said.contains("\"Joined\"") && !said.contains("\"Hand\""), said);
  }

  @Test
  void aTokenThatIsReplacedIsUsedAtOnce() throws Exception {
    Files.writeString(token(), "expired\n");
    ResourceName resource = named("renewed");
    follow(resource);
    awaitApi(ApiHealth.Fails.class);
    HostException refused =
        assertThrows(HostException.class, () -> registry.enlist(resource, WEB, web(9010)));
    assertTrue(String.valueOf(refused.getMessage()).contains("HTTP 401"), refused::toString);
    assertTrue(String.valueOf(refused.getMessage()).contains("expired"), refused::toString);

    Files.writeString(token(), RealKubernetes.ADMINISTRATOR);

    registry.enlist(resource, WEB, web(9010));
    awaitState(resource, state -> present(state).isPresent());
  }

  @Test
  void whoMayNothingIsToldWhatIsMissing() throws Exception {
    Files.writeString(token(), RealKubernetes.NOBODY);
    ResourceName resource = named("forbidden");
    follow(resource);
    awaitApi(ApiHealth.Fails.class);

    String why = registry.observe().api().toString();
    assertTrue(why.contains("HTTP 403") && why.contains("RoleBinding"), why);
    assertTrue(!why.contains(RealKubernetes.NOBODY), why);
  }

  @Test
  void anotherAuthorityIsNotTrusted() throws Exception {
    Path wrong = own.resolve("wrong.pem");
    Files.writeString(
        wrong, TestCertificates.pem("CERTIFICATE", new TestCertificates().root(Instant.now())));
    registry.follow(
        Optional.of(
            access(HOST, wrong, new ApiAccess.Credentials.Token(new Material.InFile(token())))),
        new TreeSet<>(List.of(named("untrusted"))));
    awaitApi(ApiHealth.Fails.class);

    assertTrue(registry.observe().api().toString().contains("certi"), registry.observe()::toString);
    assertTrue(
        registry.observe().api().toString().contains("kubernetes.certificate_authority"),
        registry.observe()::toString);
  }

  @Test
  void aClientCertificateDoesInsteadOfAToken() throws Exception {
    Path certificate = own.resolve("client.crt");
    Path key = own.resolve("client.key");
    cluster.clientCertificate(certificate, key);
    ResourceName resource = named("by-certificate");
    registry.follow(
        Optional.of(
            access(
                HOST,
                cluster.authority(),
                new ApiAccess.Credentials.Certificate(
                    new Material.Given(Files.readString(certificate)), new Material.InFile(key)))),
        new TreeSet<>(List.of(resource)));

    registry.enlist(resource, WEB, web(9040));

    awaitState(resource, state -> present(state).isPresent());
    assertTrue(
        registry.observe().api() instanceof ApiHealth.Answers(Optional<Instant> expires)
            && expires.isPresent(),
        registry.observe()::toString);
  }

  @Test
  void aServerThatWasAwayIsFollowedAgain() throws Exception {
    ResourceName resource = named("outlasting");
    follow(resource);
    registry.enlist(resource, WEB, web(9020));
    awaitState(resource, state -> present(state).isPresent());
    cluster.stop();
    awaitApi(ApiHealth.Fails.class);
    awaitState(resource, state -> present(state).isPresent());

    cluster.startAgain();
    awaitApi(ApiHealth.Answers.class);
    delete(resource);

    awaitState(resource, RegistryContract::absent);
  }

  @Test
  void nodesAreFollowedAndKnownAfterARestartWithoutTheServer() throws Exception {
    node("one", "10.244.1.0/24", "192.0.2.11");
    node("two", "10.244.2.0/24", "192.0.2.12");
    follow();
    registry.followNodes(true);
    NodeNetwork one =
        new NodeNetwork(
            List.of(Cidr.parse("10.244.1.0/24")), List.of(IpAddress.parse("192.0.2.11")));
    awaitNodes(nodes -> nodes.size() == 2 && one.equals(nodes.get("one")));

    cluster.kubectl("", "delete", "node", "two");
    awaitNodes(nodes -> nodes.keySet().equals(Set.of("one")));
    registry.close();

    try (KubernetesRegistry later =
        new KubernetesRegistry(
            own.resolve("enlisted"),
            new FakeFiles(List.of(), Set.of(own)),
            InstantSource.system(),
            new SecureRandom())) {
      // What a real host has on its disk.
      Files.writeString(own.resolve("nodes"), "one 10.244.1.0/24 192.0.2.11\n");
      later.followNodes(true);
      assertEquals(
          new NodesState.Known(new TreeMap<>(Map.of("one", one))), later.observe().nodes());
      later.followNodes(false);
      assertEquals(new NodesState.Unfollowed(), later.observe().nodes());
    }
    cluster.kubectl("", "delete", "node", "one");
  }

  @Test
  void whoMayNotSeeNodesIsTold() throws Exception {
    Files.writeString(token(), RealKubernetes.WORKLOADS_ONLY);
    follow();
    registry.followNodes(true);
    LinkedBlockingQueue<String> signals = new LinkedBlockingQueue<>();
    registry.onChange(() -> signals.add("again"));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!(registry.observe().nodes() instanceof NodesState.Unknown(String why)
        && why.contains("HTTP 403"))) {
      assertTrue(System.nanoTime() < end, registry.observe()::toString);
      signals.poll(100, TimeUnit.MILLISECONDS);
    }
  }

  private void awaitNodes(Predicate<SortedMap<String, NodeNetwork>> wanted)
      throws InterruptedException {
    LinkedBlockingQueue<String> signals = new LinkedBlockingQueue<>();
    registry.onChange(() -> signals.add("again"));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!(registry.observe().nodes() instanceof NodesState.Known(var nodes)
        && wanted.test(nodes))) {
      assertTrue(System.nanoTime() < end, registry.observe()::toString);
      signals.poll(100, TimeUnit.MILLISECONDS);
    }
  }

  private static void node(String name, String pods, String address)
      throws IOException, InterruptedException {
    cluster.kubectl(
        """
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "%s"},
         "spec": {"podCIDR": "%2$s", "podCIDRs": ["%2$s"]}}
        """
            .formatted(name, pods),
        "create",
        "--filename=-");
    cluster.kubectl(
        "",
        "patch",
        "node",
        name,
        "--subresource=status",
        "--type=merge",
        "--patch={\"status\":{\"addresses\":[{\"type\":\"Hostname\",\"address\":\"%s\"},{\"type\":\"InternalIP\",\"address\":\"%s\"}]}}"
            .formatted(name, address));
  }

  @Test
  void anAgentThatEndsGivesItsLeaseBack() throws Exception {
    follow();
    registry.vouch(Optional.of(Duration.ofSeconds(90)));
    awaitLease(LeaseState.Renewed.class);
    String held = lease();
    assertTrue(held.contains("\"holderIdentity\":\"vm-1\""), held);
    assertTrue(held.contains("\"leaseDurationSeconds\":90"), held);

    registry.fallSilent();

    assertTrue(!lease().contains("holderIdentity"), lease());
    // What a reaper has written is no obstacle.
    cluster.kubectl(
        "",
        "patch",
        "lease",
        HOST.text(),
        "--namespace=" + Lease.NAMESPACE,
        "--type=merge",
        "--patch={\"spec\":{\"holderIdentity\":\"\"}}");
    registry.vouch(Optional.of(Duration.ofSeconds(60)));
    awaitLease(LeaseState.Renewed.class);
    assertTrue(lease().contains("\"holderIdentity\":\"vm-1\""), lease());
  }

  @Test
  void aLeaseThatIsNotHadChangesNothingElse() throws Exception {
    Files.writeString(token(), RealKubernetes.WORKLOADS_ONLY);
    ResourceName resource = named("without-lease");
    follow(resource);
    registry.vouch(Optional.of(Duration.ofSeconds(90)));
    awaitLease(LeaseState.Fails.class);

    registry.enlist(resource, WEB, web(9050));

    awaitState(resource, state -> present(state).isPresent());
    assertTrue(registry.observe().api() instanceof ApiHealth.Answers, registry.observe()::toString);
    String why = registry.observe().lease().toString();
    assertTrue(why.contains("HTTP 403") && why.contains("meshx entries"), why);
  }

  private static String lease() throws IOException, InterruptedException {
    return cluster.kubectl(
        "",
        "get",
        "lease",
        HOST.text(),
        "--namespace=" + Lease.NAMESPACE,
        "--output=jsonpath={.spec}");
  }

  @Test
  void whatWasEnlistedIsKnownAfterARestart() throws Exception {
    ResourceName resource = named("kept-over");
    Files.writeString(own.resolve("enlisted"), resource + " web\n");
    assertEquals(WEB, registry.observe().enlisted().get(resource));
    others(resource, web(9030));

    follow();

    awaitState(
        resource,
        state ->
            present(state)
                .filter(it -> it.owner().equals(Optional.of(new WorkloadName("vm-2"))))
                .isPresent());
  }
}
