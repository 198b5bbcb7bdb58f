// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import io.meshx.agent.bus.BusCall;
import io.meshx.agent.bus.BusSignal;
import io.meshx.agent.bus.SignalMatch;
import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.unit.OurUnits;
import io.meshx.agent.unit.Property;
import io.meshx.agent.unit.UnitSpec;
import io.meshx.agent.unit.UnitState;
import io.meshx.agent.unit.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Units of ours in systemd, from version 252.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/org.freedesktop.systemd1.html">
 *     org.freedesktop.systemd1(5)</a>
 */
public final class SystemdUnits implements Units {
  private static final Logger LOG = LoggerFactory.getLogger(SystemdUnits.class);
  private static final String OURS = "meshx-";
  private static final String SUFFIX = ".service";

  /**
   * Of how many units properties are read at the same time. The system bus lets a connection have
   * 128 calls under way (dbus-daemon, max_replies_per_connection), and a unit takes up to 5; for
   * the same reason only one observation is made at a time.
   */
  private static final int AT_ONCE = 10;

  /** Our units' objects: systemd escapes all but letters and digits. */
  private static final String OUR_OBJECTS = Systemd.UNIT_OBJECTS + "/meshx_2d";

  /** The agent's own: each of its notifications to systemd is a change of it. */
  private static final String AGENT_OBJECT = Systemd.UNIT_OBJECTS + "/meshx_2dagent_2eservice";

  private final SystemBus bus;
  private final String prefix;
  private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final AtomicBoolean following = new AtomicBoolean();

  /**
   * Makes the adapter; it does nothing before it is asked.
   *
   * @param bus the bus that systemd is on; closed by whoever opened it
   */
  public SystemdUnits(SystemBus bus) {
    this(bus, OURS);
  }

  /** One that observes the units of another prefix. */
  public SystemdUnits(SystemBus bus, String prefix) {
    this.bus = bus;
    this.prefix = prefix;
  }

  @Override
  public synchronized SortedMap<UnitName, UnitState> observe() throws BusCallFailed {
    BusCall list =
        Systemd.call("ListUnitsByPatterns", "asas", "", List.of(), List.of(prefix + "*" + SUFFIX));
    List<ListedUnit> listed =
        ((List<?>) bus.call(list).getFirst())
            .stream()
                .map(ListedUnit::read)
                .filter(unit -> !unit.isStub() && !unit.name().equals(OurUnits.AGENT))
                .toList();
    SortedMap<UnitName, UnitState> units = new TreeMap<>();
    for (int from = 0; from < listed.size(); from += AT_ONCE) {
      List<UnitReader> readers = new ArrayList<>();
      for (ListedUnit unit : listed.subList(from, Math.min(from + AT_ONCE, listed.size()))) {
        readers.add(UnitReader.start(bus, unit));
      }
      for (UnitReader reader : readers) {
        reader.finish().ifPresent(state -> units.put(state.name(), state));
      }
    }
    return units;
  }

  @Override
  public void start(UnitSpec spec) throws BusCallFailed {
    List<Object> properties = new ArrayList<>();
    withFingerprint(spec)
        .forEach((name, value) ->
            properties.add(PropertyVariant.struct(name, PropertyVariant.of(value))));
    String name = spec.name().text();
    BusCall start =
        Systemd.call(
            "StartTransientUnit", "ssa(sv)a(sa(sv))", name, name, "fail", properties, List.of());
    try {
      bus.call(start);
    } catch (BusCallFailed e) {
      throw e.errorName().equals(Systemd.UNIT_EXISTS) ? nameTaken(name, e) : e;
    }
  }

  private static BusCallFailed nameTaken(String name, BusCallFailed refusal) {
    return new BusCallFailed(
        "StartTransientUnit of '" + name + "'",
        Systemd.UNIT_EXISTS,
        "the name is taken, by a unit that is still loaded or by a unit file of somebody else; if"
            + " 'systemctl cat "
            + name
            + "' shows such a file, remove it and run 'systemctl daemon-reload'",
        refusal);
  }

  @Override
  public void stop(UnitName name) throws BusCallFailed {
    unlessNotLoaded(Systemd.call("StopUnit", "ss", name.text(), name.text(), "replace"));
  }

  @Override
  public void forget(UnitName name) throws BusCallFailed {
    unlessNotLoaded(Systemd.call("ResetFailedUnit", "s", name.text(), name.text()));
  }

  @Override
  public void onChange(Runnable lookAgain) {
    listeners.add(lookAgain);
    if (following.compareAndSet(false, true)) {
      bus.follow(
          Systemd.SERVICE,
          List.of(
              new SignalMatch.Interface(Systemd.OBJECT, Systemd.MANAGER),
              new SignalMatch.Properties(Systemd.UNIT_OBJECTS)),
          this::signal,
          this::moved);
    }
  }

  /** Tells nobody any more; the bus stays open. */
  @Override
  public void close() {
    listeners.clear();
  }

  private static SortedMap<String, Property> withFingerprint(UnitSpec spec) {
    SortedMap<String, String> fields = new TreeMap<>();
    if (spec.properties().get("LogExtraFields") instanceof Property.JournalFields journal) {
      fields.putAll(journal.fields());
    }
    fields.put(UnitSpec.FINGERPRINT_FIELD, spec.fingerprint().toString());
    SortedMap<String, Property> properties = new TreeMap<>(spec.properties());
    properties.put("LogExtraFields", new Property.JournalFields(fields));
    return properties;
  }

  private void unlessNotLoaded(BusCall call) throws BusCallFailed {
    try {
      bus.call(call);
    } catch (BusCallFailed e) {
      if (!e.errorName().equals(Systemd.NO_SUCH_UNIT)) {
        throw e;
      }
    }
  }

  private void signal(BusSignal signal) {
    if (mayConcernUs(signal)) {
      listeners.forEach(Runnable::run);
    }
  }

  private static boolean mayConcernUs(BusSignal signal) {
    return switch (signal.member()) {
      case "PropertiesChanged" ->
          signal.path().startsWith(OUR_OBJECTS) && !signal.path().equals(AGENT_OBJECT);
      case "UnitNew", "UnitRemoved" -> isOurs(signal.arguments().getFirst());
      case "JobRemoved" -> isOurs(signal.arguments().get(2));
      case "Reloading" -> true;
      default -> false;
    };
  }

  private static boolean isOurs(Object unit) {
    String name = unit.toString();
    return name.startsWith(OURS) && name.endsWith(SUFFIX) && !name.equals(OurUnits.AGENT.text());
  }

  /**
   * Asks for signals: systemd sends none unless somebody has, and forgets who did when it moves.
   */
  private void moved() {
    try {
      bus.call(Systemd.call("Subscribe", "", ""));
    } catch (BusCallFailed e) {
      if (!e.errorName().equals(Systemd.ALREADY_SUBSCRIBED)) {
        LOG.debug("systemd gives no signals for now", e);
      }
    }
    listeners.forEach(Runnable::run);
  }
}
