// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.unit.ForeignUnit;
import io.meshx.agent.unit.ForeignUnits;
import io.meshx.agent.unit.HostServices;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Units of packages in memory. A unit that is started is in the slice that its files say. */
public final class FakeForeignUnits implements ForeignUnits {
  private static final Pattern SLICE = Pattern.compile("(?m)^Slice=(.*)$");

  private final TreeMap<UnitName, ForeignUnit> units = new TreeMap<>();
  private final TreeSet<UnitName> slices = new TreeSet<>();
  private boolean reachable = true;
  private final List<String> operations = new ArrayList<>();
  private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();

  /** Installs a package with a unit, which does not run. */
  public void install(UnitName name) {
    change(
        new ForeignUnit(
            name, ForeignUnit.Load.LOADED, false, "", Optional.empty(), false, true, false));
  }

  /** Changes a unit in any way. */
  public void change(ForeignUnit unit) {
    synchronized (this) {
      units.put(unit.name(), unit);
    }
    tell();
  }

  /** Somebody starts a unit. */
  public void start(UnitName name) {
    ForeignUnit unit = unit(name);
    change(with(unit, true, group(unit), unit.dropIn(), true));
  }

  /** Somebody stops a unit. */
  public void stop(UnitName name) {
    ForeignUnit unit = unit(name);
    change(with(unit, false, "", unit.dropIn(), unit.dropIn().isEmpty()));
  }

  /** Whether the service manager answers. */
  public void reachable(boolean answers) {
    synchronized (this) {
      reachable = answers;
    }
    tell();
  }

  /** How a unit is. */
  public synchronized ForeignUnit unit(UnitName name) {
    return units.getOrDefault(
        name,
        new ForeignUnit(
            name, ForeignUnit.Load.NOT_FOUND, false, "", Optional.empty(), false, true, false));
  }

  /** What was done so far, one line each. */
  public synchronized List<String> operations() {
    return List.copyOf(operations);
  }

  private void tell() {
    listeners.forEach(Runnable::run);
  }

  private static ForeignUnit with(
      ForeignUnit unit, boolean running, String group, Optional<String> dropIn, boolean current) {
    return new ForeignUnit(
        unit.name(), unit.load(), running, group, dropIn, false, current, unit.ownNetwork());
  }

  private static String group(ForeignUnit unit) {
    Matcher slice = SLICE.matcher(unit.dropIn().orElse(""));
    String name = slice.find() ? slice.group(1) : "system.slice";
    StringBuilder path = new StringBuilder();
    StringBuilder prefix = new StringBuilder();
    for (String part : name.substring(0, name.length() - ".slice".length()).split("-", -1)) {
      prefix.append(prefix.isEmpty() ? "" : "-").append(part);
      path.append('/').append(prefix).append(".slice");
    }
    return path + "/" + unit.name();
  }

  @Override
  public synchronized HostServices observe(Set<UnitName> names) throws BusCallFailed {
    if (!reachable) {
      throw new BusCallFailed("LoadUnit", "org.freedesktop.DBus.Error.NoReply", "nobody", null);
    }
    TreeMap<UnitName, ForeignUnit> seen = new TreeMap<>();
    names.forEach(name -> seen.put(name, unit(name)));
    units.values().stream()
        .filter(unit -> unit.dropIn().isPresent())
        .forEach(unit -> seen.put(unit.name(), unit));
    TreeMap<UnitName, SortedSet<String>> inside = new TreeMap<>();
    for (UnitName slice : slices) {
      TreeSet<String> running = new TreeSet<>();
      units.values().stream()
          .filter(unit -> unit.controlGroup().contains("/" + slice + "/"))
          .forEach(unit -> running.add(unit.name().text()));
      inside.put(slice, running);
    }
    return new HostServices(seen, inside);
  }

  @Override
  public void startSlice(UnitName slice) {
    note("slice " + slice);
    synchronized (this) {
      slices.add(slice);
    }
    tell();
  }

  @Override
  public void stopSlice(UnitName slice) {
    note("no slice " + slice);
    synchronized (this) {
      slices.remove(slice);
    }
    tell();
  }

  /** A reboot: slices are gone, services start with what is on disk. */
  public void reboot() {
    synchronized (this) {
      slices.clear();
    }
  }

  @Override
  public void putDropIn(UnitName name, String text) {
    ForeignUnit unit = unit(name);
    note("drop-in " + name);
    change(with(unit, unit.running(), unit.controlGroup(), Optional.of(text), false));
  }

  @Override
  public void removeDropIn(UnitName name) {
    ForeignUnit unit = unit(name);
    note("no drop-in " + name);
    change(with(unit, unit.running(), unit.controlGroup(), Optional.empty(), true));
  }

  @Override
  public void restart(UnitName name) {
    ForeignUnit unit = unit(name);
    note("restart " + name);
    if (unit.running()) {
      change(with(unit, true, group(unit), unit.dropIn(), true));
    }
  }

  private synchronized void note(String operation) {
    operations.add(operation);
  }

  @Override
  public void onChange(Runnable lookAgain) {
    listeners.add(lookAgain);
  }
}
