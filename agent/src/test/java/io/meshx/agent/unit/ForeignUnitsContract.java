// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.testing.Look;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What all {@link ForeignUnits} do. */
public abstract class ForeignUnitsContract {
  private static final UnitName SERVICE = new UnitName("contract-guest@one.service");
  private static final UnitName NOBODY = new UnitName("contract-nobody.service");
  private static final UnitName SLICE = new UnitName("meshx-workload-contract.slice");
  private static final String OURS = "[Service]\nSlice=contract-mesh.slice\n";

  /** The units under test. */
  protected abstract ForeignUnits units();

  /** Installs a unit that sleeps. */
  protected abstract void install(UnitName name) throws HostException;

  /** Somebody starts a unit. */
  protected abstract void start(UnitName name) throws HostException;

  /** Somebody stops a unit. */
  protected abstract void stop(UnitName name) throws HostException;

  /** Lets go of the host; run after each test. */
  protected void end() {}

  @BeforeEach
  void installOne() throws HostException {
    install(SERVICE);
  }

  @AfterEach
  void stopIt() throws HostException {
    try {
      stop(SERVICE);
      units().removeDropIn(SERVICE);
    } finally {
      end();
    }
  }

  private ForeignUnit look() throws HostException {
    return Objects.requireNonNull(
        units().observe(Set.of(SERVICE)).units().get(SERVICE), "asked for");
  }

  @Test
  void aUnitIsSeenAsItIs() throws HostException {
    ForeignUnit stopped =
        new ForeignUnit(
            SERVICE, ForeignUnit.Load.LOADED, false, "", Optional.empty(), false, true, false);
    assertEquals(Map.of(SERVICE, stopped), units().observe(Set.of(SERVICE)).units());

    start(SERVICE);
    assertTrue(look().running());
    assertTrue(look().controlGroup().endsWith(".slice/" + SERVICE), look()::toString);
    assertEquals(Map.of(), units().observe(Set.of()).units());
  }

  @Test
  void aUnitThatDoesNotExistIsSaidToBeNone() throws HostException {
    assertEquals(
        Set.of(ForeignUnit.Load.NOT_FOUND),
        Set.of(
            Objects.requireNonNull(units().observe(Set.of(NOBODY)).units().get(NOBODY), "asked for")
                .load()));
  }

  @Test
  void aDropInCountsFromTheNextStart() throws HostException, InterruptedException {
    start(SERVICE);
    String before = look().controlGroup();

    units().putDropIn(SERVICE, OURS);

    assertEquals(Optional.of(OURS), look().dropIn());
    assertFalse(look().outdated());
    assertFalse(look().current());
    assertEquals(before, look().controlGroup());
    assertEquals(Set.of(SERVICE), units().observe(Set.of()).units().keySet());

    Look look = new Look();
    units().onChange(look::again);
    units().restart(SERVICE);
    look.until(
        this::look,
        unit ->
            unit.running()
                && unit.current()
                && unit.controlGroup().equals("/contract.slice/contract-mesh.slice/" + SERVICE));

    units().removeDropIn(SERVICE);
    assertEquals(Optional.empty(), look().dropIn());
    assertTrue(look().running());
    units().removeDropIn(SERVICE);
  }

  @Test
  void aSliceIsThereWithWhatRunsInItUntilItIsTakenAway()
      throws HostException, InterruptedException {
    Look look = new Look();
    units().onChange(look::again);
    units().startSlice(SLICE);
    units().startSlice(SLICE);
    look.until(
        () -> units().observe(Set.of(SERVICE)).slices(), Map.of(SLICE, new TreeSet<>())::equals);

    units().putDropIn(SERVICE, "[Service]\nSlice=" + SLICE + "\n");
    start(SERVICE);
    assertEquals(
        Map.of(SLICE, new TreeSet<>(Set.of(SERVICE.text()))),
        units().observe(Set.of(SERVICE)).slices());

    stop(SERVICE);
    units().stopSlice(SLICE);
    units().stopSlice(SLICE);
    look.until(() -> units().observe(Set.of(SERVICE)).slices(), Map.of()::equals);
  }

  @Test
  void aRestartLeavesAStoppedUnitAlone() throws HostException {
    units().restart(SERVICE);
    assertFalse(look().running());
  }
}
