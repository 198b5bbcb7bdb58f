// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import io.meshx.agent.bus.BusCall;
import io.meshx.agent.bus.BusSignal;
import io.meshx.agent.bus.SignalMatch;
import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import io.meshx.agent.unit.ForeignUnit;
import io.meshx.agent.unit.ForeignUnits;
import io.meshx.agent.unit.HostServices;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.freedesktop.dbus.types.Variant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Services of the host's packages, and our drop-ins beside their unit files.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/systemd.unit.html">
 *     systemd.unit(5), "drop-in"</a>
 */
public final class SystemdForeignUnits implements ForeignUnits {
  /** The name of our file in the directory of each unit. */
  public static final String DROP_IN = "50-meshx.conf";

  private static final Logger LOG = LoggerFactory.getLogger(SystemdForeignUnits.class);
  private static final String SLICE_OBJECTS = Systemd.UNIT_OBJECTS + "/meshx_2dworkload_2d";
  private static final String SLICES = "meshx-workload-*.slice";

  /** What systemd puts into a slice. */
  private static final Pattern UNITS = Pattern.compile(".*\\.(service|scope)");

  private static final UserName ROOT = new UserName("root");

  private final SystemBus bus;
  private final HostFiles files;
  private final Path directory;
  private final Path controlGroups;
  private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final AtomicBoolean following = new AtomicBoolean();
  private volatile Set<String> watched = Set.of();

  /**
   * Makes the adapter; it does nothing before it is asked.
   *
   * @param bus the bus that systemd is on; closed by whoever opened it
   * @param files writes and removes files
   * @param directory where an administrator's units are, {@code /etc/systemd/system}
   * @param controlGroups where those of version 2 are, {@code /sys/fs/cgroup}
   */
  public SystemdForeignUnits(SystemBus bus, HostFiles files, Path directory, Path controlGroups) {
    this.bus = bus;
    this.files = files;
    this.directory = directory;
    this.controlGroups = controlGroups;
  }

  @Override
  public synchronized HostServices observe(Set<UnitName> names) throws HostException {
    SortedMap<UnitName, DropIn> dropIns = dropIns();
    TreeSet<UnitName> all = new TreeSet<>(names);
    all.addAll(dropIns.keySet());
    Map<UnitName, PropertyReads> reads = new LinkedHashMap<>();
    TreeSet<String> paths = new TreeSet<>();
    for (UnitName name : all) {
      String path = object(name);
      paths.add(path);
      reads.put(name, new PropertyReads(bus, name, path));
    }
    SortedMap<UnitName, SortedSet<String>> slices = slices();
    for (SortedSet<String> inside : slices.values()) {
      for (String name : inside) {
        paths.add(object(new UnitName(name)));
      }
    }
    watched = paths;
    if (!paths.isEmpty() && following.compareAndSet(false, true)) {
      follow();
    }
    for (PropertyReads each : reads.values()) {
      each.send(
          Systemd.UNIT, "LoadState", "ActiveState", "NeedDaemonReload", "InactiveExitTimestamp");
      each.send(Systemd.SERVICE_UNIT, "ControlGroup", "PrivateNetwork", "NetworkNamespacePath");
    }
    TreeMap<UnitName, ForeignUnit> units = new TreeMap<>();
    for (Map.Entry<UnitName, PropertyReads> each : reads.entrySet()) {
      UnitName name = each.getKey();
      units.put(name, unit(name, each.getValue(), Optional.ofNullable(dropIns.get(name))));
    }
    return new HostServices(units, slices);
  }

  private String object(UnitName name) throws BusCallFailed {
    return bus.call(Systemd.call("LoadUnit", "s", name.text(), name.text())).getFirst().toString();
  }

  private SortedMap<UnitName, SortedSet<String>> slices() throws HostException {
    TreeMap<UnitName, SortedSet<String>> found = new TreeMap<>();
    BusCall list =
        Systemd.call("ListUnitsByPatterns", "asas", "", List.of("active"), List.of(SLICES));
    for (Object each : (List<?>) bus.call(list).getFirst()) {
      ListedUnit slice = ListedUnit.read(each);
      Object group =
          ((Variant<?>)
                  bus.call(
                          BusCall.get(
                              Systemd.SERVICE, slice.path(), Systemd.SLICE_UNIT, "ControlGroup"))
                      .getFirst())
              .getValue();
      // Without one it went away since it was listed.
      if (!group.toString().isEmpty()) {
        found.put(slice.name(), populated(controlGroups.resolve(group.toString().substring(1))));
      }
    }
    return found;
  }

  /** The units right below a control group in which there are processes (cgroups(7)). */
  private static SortedSet<String> populated(Path group) throws FileFailed {
    TreeSet<String> names = new TreeSet<>();
    try (DirectoryStream<Path> children = Files.newDirectoryStream(group, Files::isDirectory)) {
      for (Path child : children) {
        String name = child.getFileName().toString();
        if (UNITS.matcher(name).matches()
            && Files.readAllLines(child.resolve("cgroup.events")).contains("populated 1")) {
          names.add(name);
        }
      }
    } catch (NoSuchFileException e) {
      LOG.debug("'{}' is gone, or version 2 is not where it should be", group, e);
    } catch (IOException | DirectoryIteratorException e) {
      throw new FileFailed("looking into '" + group + "'", e.toString(), e);
    }
    return names;
  }

  /** A drop-in of ours, and when it was written. */
  private record DropIn(String text, Instant written) {}

  private static ForeignUnit unit(UnitName name, PropertyReads reads, Optional<DropIn> dropIn)
      throws BusCallFailed {
    return new ForeignUnit(
        name,
        load(reads.value("LoadState").toString()),
        !Set.of("inactive", "failed", "deactivating")
            .contains(reads.value("ActiveState").toString()),
        reads.value("ControlGroup").toString(),
        dropIn.map(DropIn::text),
        (Boolean) reads.value("NeedDaemonReload"),
        dropIn.isEmpty()
            || startedAfter(dropIn.get().written(), reads.value("InactiveExitTimestamp")),
        (Boolean) reads.value("PrivateNetwork")
            || !reads.value("NetworkNamespacePath").toString().isEmpty());
  }

  /** Of a time in microseconds, as systemd gives it. */
  private static boolean startedAfter(Instant written, Object started) {
    long micros = ((Number) started).longValue();
    return !Instant.EPOCH.plus(micros, ChronoUnit.MICROS).isBefore(written);
  }

  private static ForeignUnit.Load load(String state) {
    return switch (state) {
      case "loaded" -> ForeignUnit.Load.LOADED;
      case "not-found" -> ForeignUnit.Load.NOT_FOUND;
      case "masked" -> ForeignUnit.Load.MASKED;
      default -> ForeignUnit.Load.BROKEN;
    };
  }

  private SortedMap<UnitName, DropIn> dropIns() throws FileFailed {
    TreeMap<UnitName, DropIn> found = new TreeMap<>();
    try (DirectoryStream<Path> each = Files.newDirectoryStream(directory, "*.service.d")) {
      for (Path unit : each) {
        try {
          Path file = unit.resolve(DROP_IN);
          DropIn dropIn =
              new DropIn(Files.readString(file), Files.getLastModifiedTime(file).toInstant());
          String name = unit.getFileName().toString();
          found.put(new UnitName(name.substring(0, name.length() - ".d".length())), dropIn);
        } catch (NoSuchFileException e) {
          LOG.trace("somebody else's", e);
        }
      }
    } catch (NoSuchFileException e) {
      LOG.trace("nobody has made it yet", e);
    } catch (IOException | DirectoryIteratorException e) {
      throw new FileFailed("looking for drop-ins in '" + directory + "'", e.toString(), e);
    }
    return found;
  }

  private Path directory(UnitName name) {
    return directory.resolve(name + ".d");
  }

  @Override
  public void putDropIn(UnitName name, String text) throws HostException {
    files.write(HostFile.directory(directory(name), ROOT, 0755));
    files.write(HostFile.file(directory(name).resolve(DROP_IN), ROOT, 0644, text));
    bus.call(Systemd.call("Reload", "", name.text()));
  }

  @Override
  public void removeDropIn(UnitName name) throws HostException {
    files.remove(directory(name).resolve(DROP_IN));
    try (DirectoryStream<Path> rest = Files.newDirectoryStream(directory(name))) {
      // An administrator may have drop-ins of their own there.
      if (!rest.iterator().hasNext()) {
        files.remove(directory(name));
      }
    } catch (NoSuchFileException e) {
      LOG.trace("it has none", e);
      return;
    } catch (IOException e) {
      throw new FileFailed("looking into '" + directory(name) + "'", e.toString(), e);
    }
    bus.call(Systemd.call("Reload", "", name.text()));
  }

  @Override
  public void startSlice(UnitName slice) throws HostException {
    bus.call(Systemd.call("StartUnit", "ss", slice.text(), slice.text(), "replace"));
  }

  @Override
  public void stopSlice(UnitName slice) throws HostException {
    try {
      // A service that is restarted out of it is not in it for a moment, and its start must go on.
      bus.call(Systemd.call("StopUnit", "ss", slice.text(), slice.text(), "fail"));
    } catch (BusCallFailed e) {
      if (!Set.of(Systemd.NO_SUCH_UNIT, Systemd.DESTRUCTIVE).contains(e.errorName())) {
        throw e;
      }
      LOG.debug("'{}' is gone already, or not yet to be stopped", slice, e);
    }
  }

  @Override
  public void restart(UnitName name) throws HostException {
    try {
      // Which also forgets how often it was started lately: ours must not be the one too many.
      bus.call(Systemd.call("ResetFailedUnit", "s", name.text(), name.text()));
    } catch (BusCallFailed e) {
      if (e.errorName().equals(Systemd.NO_SUCH_UNIT)) {
        LOG.debug("'{}' does not run", name, e);
        return;
      }
      throw e;
    }
    bus.call(Systemd.call("TryRestartUnit", "ss", name.text(), name.text(), "replace"));
  }

  @Override
  public void onChange(Runnable lookAgain) {
    listeners.add(lookAgain);
  }

  /** Only once there is something to follow: every signal of every unit comes with it. */
  private void follow() {
    bus.follow(
        Systemd.SERVICE,
        List.of(
            new SignalMatch.Interface(Systemd.OBJECT, Systemd.MANAGER),
            new SignalMatch.Properties(Systemd.UNIT_OBJECTS)),
        this::signal,
        () -> listeners.forEach(Runnable::run));
  }

  private void signal(BusSignal signal) {
    boolean concernsOne =
        switch (signal.member()) {
          case "PropertiesChanged" ->
              watched.contains(signal.path()) || signal.path().startsWith(SLICE_OBJECTS);
          case "Reloading" -> !watched.isEmpty();
          default -> false;
        };
    if (concernsOne) {
      listeners.forEach(Runnable::run);
    }
  }
}
