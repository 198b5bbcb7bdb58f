// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.WorkloadName;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** What every registry does; run by the real one against a real API server, and by the fake. */
public abstract class RegistryContract {
  protected static final WorkloadName NAMESPACE = new WorkloadName("mixed-env");
  protected static final WorkloadName WEB = new WorkloadName("web");
  protected static final WorkloadName HOST = new WorkloadName("vm-1");
  private static final long PATIENCE_SECONDS = 30;

  private final LinkedBlockingQueue<String> signals = new LinkedBlockingQueue<>();

  /** A registry that has followed nothing yet; the same at each call. */
  protected abstract Registry registry();

  /** How the cluster is reached. */
  protected abstract ClusterAccess access();

  /** Another host's agent makes a resource. */
  protected abstract void others(ResourceName resource, ExternalWorkload says) throws Exception;

  /** Somebody deletes a resource. */
  protected abstract void delete(ResourceName resource) throws Exception;

  /** Somebody labels a resource. */
  protected abstract void label(ResourceName resource, String key, String value) throws Exception;

  /** A name that no other test uses. */
  protected static ResourceName named(String name) {
    return new ResourceName(NAMESPACE, new WorkloadName(name));
  }

  /** What a workload says, at a port that is its own. */
  protected static ExternalWorkload web(int port) {
    return new ExternalWorkload(
        SpiffeId.parse("spiffe://root.linkerd.cluster.local/mixed-env/web"),
        new DnsName("web.mixed-env.cluster.local"),
        List.of(IpAddress.parse("192.0.2.10"), IpAddress.parse("2001:db8::10")),
        new TreeSet<>(
            List.of(
                new ServedAt("http", new Port(port)),
                new ServedAt(ExternalWorkload.PROXY_PORT, new Port(port + 1)))),
        new TreeMap<>(Map.of("app", "web")),
        new TreeMap<>(Map.of("config.linkerd.io/opaque-ports", "5432")));
  }

  protected final void follow(ResourceName... resources) {
    registry().onChange(() -> signals.add("again"));
    registry().follow(Optional.of(access()), new TreeSet<>(List.of(resources)));
  }

  protected final ResourceState awaitState(ResourceName resource, Predicate<ResourceState> wanted)
      throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() < end) {
      ResourceState state = registry().observe().resources().get(resource);
      if (state != null && wanted.test(state)) {
        return state;
      }
      signals.poll(100, TimeUnit.MILLISECONDS);
    }
    throw new AssertionError(resource + " is " + registry().observe());
  }

  protected static boolean absent(ResourceState state) {
    return state instanceof ResourceState.Absent;
  }

  protected static Optional<ResourceState.Present> present(ResourceState state) {
    return state instanceof ResourceState.Present it ? Optional.of(it) : Optional.empty();
  }

  @Test
  void whatIsEnlistedSaysWhatItShouldAndWhoseItIs() throws Exception {
    ResourceName resource = named("enlisted");
    follow(resource);
    awaitState(resource, RegistryContract::absent);

    registry().enlist(resource, WEB, web(8000));

    ResourceState.Present there =
        present(awaitState(resource, state -> present(state).isPresent())).orElseThrow();
    assertTrue(web(8000).saidBy(there.says().orElseThrow()), there.toString());
    assertEquals(Optional.of(HOST), there.owner());
    assertEquals(Optional.empty(), there.readiness());
    assertEquals(WEB, registry().observe().enlisted().get(resource));
  }

  @Test
  void readinessIsSaidAndChangesNothingElse() throws Exception {
    ResourceName resource = named("readiness");
    follow(resource);
    registry().enlist(resource, WEB, web(8010));
    Readiness ready = new Readiness(true, "Joined", "host vm-1 serves it");

    registry().setReady(resource, WEB, ready);
    ResourceState.Present there =
        present(
                awaitState(
                    resource,
                    state ->
                        present(state)
                            .filter(it -> it.readiness().equals(Optional.of(ready)))
                            .isPresent()))
            .orElseThrow();
    assertTrue(web(8010).saidBy(there.says().orElseThrow()), there.toString());

    Readiness not = new Readiness(false, "ProxyReady", "proxy ready waits for \"it\"");
    registry().setReady(resource, WEB, not);
    awaitState(
        resource,
        state ->
            present(state)
                .filter(it -> it.readiness().equals(Optional.of(not)) && it.heard())
                .isPresent());
  }

  @Test
  void aResourceThatIsNotThereCannotBeReady() throws Exception {
    ResourceName resource = named("nowhere");
    follow(resource);
    awaitState(resource, RegistryContract::absent);

    assertThrows(
        HostException.RpcFailed.class,
        () -> registry().setReady(resource, WEB, new Readiness(true, "Joined", "")));
  }

  @Test
  void labelsOfOthersStayAndOursGoWhenTheyAreLeftOut() throws Exception {
    ResourceName resource = named("labelled");
    follow(resource);
    ExternalWorkload with = web(8020);
    registry().enlist(resource, WEB, with);
    label(resource, "team", "payments");

    registry()
        .enlist(
            resource,
            WEB,
            new ExternalWorkload(
                with.identity(),
                with.serverName(),
                with.addresses(),
                with.ports(),
                new TreeMap<>(Map.of("tier", "back")),
                with.annotations()));

    awaitState(
        resource,
        state ->
            says(state)
                .map(it -> new TreeMap<>(it.labels()))
                .filter(labels ->
                    "payments".equals(labels.get("team"))
                        && "back".equals(labels.get("tier"))
                        && !labels.containsKey("app"))
                .isPresent());
  }

  @Test
  void whatSomebodyDeletesIsSeenToBeGone() throws Exception {
    ResourceName resource = named("deleted");
    follow(resource);
    registry().enlist(resource, WEB, web(8030));
    awaitState(resource, state -> present(state).isPresent());

    delete(resource);

    awaitState(resource, RegistryContract::absent);
  }

  @Test
  void oneAddressAndPortHaveOneResource() throws Exception {
    ResourceName first = named("first-at");
    others(first, web(8040));
    ResourceName second = named("second-at");
    follow(second);
    awaitState(second, RegistryContract::absent);

    HostException refused =
        assertThrows(
            HostException.RpcFailed.class, () -> registry().enlist(second, WEB, web(8040)));

    assertTrue(String.valueOf(refused.getMessage()).contains(first.toString()), refused::toString);
    awaitState(second, RegistryContract::absent);
  }

  @Test
  void whatIsWithdrawnIsForgottenAndStaysAsItIsAsked() throws Exception {
    ResourceName kept = named("kept");
    ResourceName emptied = named("emptied");
    ResourceName dropped = named("dropped");
    follow(kept, emptied, dropped);
    registry().enlist(kept, WEB, web(8050));
    registry().enlist(emptied, WEB, web(8060));
    registry().enlist(dropped, WEB, web(8070));

    registry().withdraw(kept, Parting.FORGET);
    registry().withdraw(emptied, Parting.EMPTY);
    registry().withdraw(dropped, Parting.DELETE);
    registry().withdraw(dropped, Parting.DELETE);
    registry().withdraw(dropped, Parting.EMPTY);

    assertEquals(Map.of(), registry().observe().enlisted());
    awaitState(dropped, RegistryContract::absent);
    awaitState(kept, state -> says(state).filter(web(8050)::saidBy).isPresent());
    awaitState(
        emptied,
        state ->
            says(state).filter(it -> it.addresses().isEmpty() && it.ports().isEmpty()).isPresent());
    ResourceName next = named("next");
    registry().enlist(next, WEB, web(8060));
  }

  private static Optional<ExternalWorkload> says(ResourceState state) {
    return present(state).flatMap(ResourceState.Present::says);
  }

  @Test
  void whatIsEnlistedIsFollowedWithoutBeingNamed() throws Exception {
    ResourceName resource = named("remembered");
    follow(resource);
    registry().enlist(resource, WEB, web(8080));

    follow();

    awaitState(resource, state -> present(state).isPresent());
  }

  protected final void awaitLease(Class<? extends LeaseState> wanted) throws InterruptedException {
    registry().onChange(() -> signals.add("again"));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!wanted.isInstance(registry().observe().lease())) {
      assertTrue(System.nanoTime() < end, registry().observe()::toString);
      signals.poll(100, TimeUnit.MILLISECONDS);
    }
  }

  @Test
  void whoVouchesIsKnownToLive() throws Exception {
    follow();
    assertEquals(new LeaseState.Untold(), registry().observe().lease());

    registry().vouch(Optional.of(Duration.ofSeconds(90)));
    awaitLease(LeaseState.Renewed.class);
    registry().vouch(Optional.empty());

    assertEquals(new LeaseState.Untold(), registry().observe().lease());
  }

  @Test
  void withoutAClusterNothingIsKnown() {
    registry().follow(Optional.empty(), new TreeSet<>(List.of(named("unasked"))));

    assertEquals(Map.of(), registry().observe().resources());
    assertEquals(new ApiHealth.Unasked(), registry().observe().api());
  }
}
