// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.testing.FakeUnits.Start;
import io.meshx.agent.testing.Look;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link Units} does; run by the fake in unit tests and by systemd on real hosts. */
public abstract class UnitsContract {
  /** A unit to try things with. */
  protected static final UnitName UNIT = new UnitName("meshx-contract.service");

  /** Looks again when the units under test say so. */
  protected final Look look = new Look();

  private final TreeMap<UnitName, UnitSpec> started = new TreeMap<>();

  /** The units under test. */
  protected abstract Units units();

  /** Prepares how a unit's start is going to end; a real host needs no preparation. */
  protected abstract void expect(UnitName name, Start start);

  /** Listens. */
  @BeforeEach
  protected void listen() {
    units().onChange(look::again);
  }

  /** Takes away what the test has started. */
  @AfterEach
  protected void removeAll() throws HostException, InterruptedException {
    for (UnitName name : started.keySet()) {
      units().stop(name);
      units().forget(name);
    }
    look.until(() -> units().observe(), Map::isEmpty);
    units().close();
  }

  @Test
  void startedUnitRunsAndCarriesItsFingerprint() throws HostException, InterruptedException {
    UnitSpec spec = startRunning();

    UnitState state = untilRunning();

    assertEquals(Optional.of(spec.fingerprint()), state.fingerprint());
    Activity.Running running = assertInstanceOf(Activity.Running.class, state.activity());
    assertTrue(running.mainPid() > 0);
    assertTrue(running.invocation().matches("[0-9a-f]{32}"), running.invocation());
  }

  @Test
  void secondLookSeesTheSame() throws HostException, InterruptedException {
    startRunning();
    UnitState state = untilRunning();

    assertEquals(Optional.of(state), seen());
  }

  @Test
  void loadedUnitIsNotStartedOver() throws HostException, InterruptedException {
    UnitSpec spec = startRunning();
    UnitState state = untilRunning();

    BusCallFailed refusal = assertThrows(BusCallFailed.class, () -> units().start(spec));

    assertEquals("org.freedesktop.systemd1.UnitExists", refusal.errorName());
    assertEquals(Optional.of(state), seen());
  }

  @Test
  void stoppedUnitIsUnloaded() throws HostException, InterruptedException {
    startRunning();
    untilRunning();

    units().stop(UNIT);

    look.until(() -> units().observe(), Map::isEmpty);
  }

  @Test
  void unitThatIsNotLoadedCanBeStoppedAndForgotten() throws HostException {
    units().stop(UNIT);
    units().forget(UNIT);

    assertEquals(Set.of(), units().observe().keySet());
  }

  @Test
  void failedUnitKeepsItsNameUntilItIsForgotten() throws HostException, InterruptedException {
    expect(UNIT, new Start.Fails(3));
    UnitSpec spec = start(service().exec(List.of("/bin/sh", "-c", "exit 3")));

    UnitState failed = until(Activity.Failed.class);
    assertEquals(new Activity.Failed("exit-code", 3), failed.activity());
    assertEquals(Optional.of(spec.fingerprint()), failed.fingerprint());
    BusCallFailed refusal = assertThrows(BusCallFailed.class, () -> units().start(spec));
    assertEquals("org.freedesktop.systemd1.UnitExists", refusal.errorName());

    units().stop(UNIT);
    assertEquals(Optional.of(failed), seen());
    units().forget(UNIT);

    look.until(() -> units().observe(), Map::isEmpty);
  }

  @Test
  void unitThatRunsOnceStaysAsExited() throws HostException, InterruptedException {
    expect(UNIT, new Start.EndsWell(0));
    start(UnitSpec.oneshot(UNIT, Digest.of("once"), "once").exec(List.of("/bin/true")));

    assertEquals(new Activity.Exited(0), until(Activity.Exited.class).activity());
  }

  @Test
  void anotherExitStatusCanBeAGoodOne() throws HostException, InterruptedException {
    expect(UNIT, new Start.EndsWell(75));
    start(
        UnitSpec.oneshot(UNIT, Digest.of("once"), "once")
            .exec(List.of("/bin/sh", "-c", "exit 75"))
            .alsoEndsWellWith(75));

    assertEquals(new Activity.Exited(75), until(Activity.Exited.class).activity());
  }

  @Test
  void unitThatRunsOnceAndFailsIsFailed() throws HostException, InterruptedException {
    expect(UNIT, new Start.Fails(1));
    start(UnitSpec.oneshot(UNIT, Digest.of("once"), "once").exec(List.of("/bin/false")));

    assertEquals(new Activity.Failed("exit-code", 1), until(Activity.Failed.class).activity());
  }

  @Test
  void unitThatKeepsFailingIsRestarting() throws HostException, InterruptedException {
    expect(UNIT, new Start.KeepsFailing(3));
    start(
        service()
            .exec(List.of("/bin/sh", "-c", "exit 3"))
            .restart("always", Duration.ofMinutes(10)));

    assertEquals(
        new Activity.Restarting(0, "exit-code", 3), until(Activity.Restarting.class).activity());
  }

  @Test
  void onlyUnitsOfOursAreSeenAndNeverTheAgentsOwn() throws HostException, InterruptedException {
    List<String> sleep = List.of("/bin/sleep", "1000");
    UnitName agent = new UnitName("meshx-agent.service");
    UnitName foreign = new UnitName("contract-of-somebody-else.service");
    start(UnitSpec.service(agent, Digest.of("agent"), "the agent").exec(sleep));
    start(UnitSpec.service(foreign, Digest.of("foreign"), "not ours").exec(sleep));
    startRunning();

    untilRunning();

    assertEquals(Set.of(UNIT), units().observe().keySet());
  }

  /** What is seen of {@link #UNIT}. */
  protected final Optional<UnitState> seen() throws HostException {
    return Optional.ofNullable(units().observe().get(UNIT));
  }

  /** A service of the name {@link #UNIT}. */
  protected static UnitSpec.Builder service() {
    return UnitSpec.service(UNIT, Digest.of("config"), "unit of a contract test");
  }

  /** Starts a unit that is taken away after the test. */
  protected final UnitSpec start(UnitSpec.Builder builder) throws HostException {
    UnitSpec spec = builder.build();
    started.put(spec.name(), spec);
    units().start(spec);
    return spec;
  }

  /** Starts {@link #UNIT} with a program that runs on. */
  protected final UnitSpec startRunning() throws HostException {
    expect(UNIT, new Start.Runs());
    return start(service().exec(List.of("/bin/sleep", "1000")));
  }

  /** Waits until {@link #UNIT} runs. */
  protected final UnitState untilRunning() throws InterruptedException {
    return until(Activity.Running.class);
  }

  /** Waits until {@link #UNIT} does this. */
  protected final UnitState until(Class<? extends Activity> activity) throws InterruptedException {
    return look.until(
            this::seen,
            state -> state.map(UnitState::activity).filter(activity::isInstance).isPresent())
        .orElseThrow();
  }
}
