// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.file.FileState;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.unit.ForeignUnit;
import io.meshx.agent.unit.ForeignUnits;
import io.meshx.agent.unit.ForeignUnitsContract;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

/** The services of a real host under systemd. Test suites that have such a host extend it. */
public abstract class SystemdForeignUnitsOnHost extends ForeignUnitsContract {
  private static final UnitName ALONE = new UnitName("contract-alone.service");

  private final Commands host;
  private final SystemBus bus;
  private final SystemdForeignUnits units;

  /**
   * Connects to the host.
   *
   * @param busAddress D-Bus address of the host's system bus, as seen from here
   * @param host runs a command on the host
   */
  protected SystemdForeignUnitsOnHost(String busAddress, Commands host) {
    this.host = host;
    this.bus = SystemBus.open(busAddress);
    Path root =
        Path.of(busAddress.substring("unix:path=".length())).resolve("../../..").normalize();
    this.units =
        new SystemdForeignUnits(
            bus,
            new FilesOfHost(host, root),
            root.resolve("etc/systemd/system"),
            root.resolve("sys/fs/cgroup"));
  }

  /** Writes by commands: from here the host's root is behind a link, which the adapter refuses. */
  private record FilesOfHost(Commands host, Path root) implements HostFiles {
    @Override
    public SortedMap<Path, FileState> observe(Set<Path> paths) {
      throw new UnsupportedOperationException("nobody looks");
    }

    private String there(Path path) {
      return "/" + root.relativize(path);
    }

    @Override
    public void write(HostFile file) throws HostException {
      if (file.content().isPresent()) {
        host.run(List.of("tee", there(file.path())), file.content().get());
      } else {
        host.run("mkdir", "-p", there(file.path()));
      }
    }

    @Override
    public void remove(Path path) throws HostException {
      host.run("rm", "-rf", there(path));
    }
  }

  @Override
  protected ForeignUnits units() {
    return units;
  }

  @Override
  protected void install(UnitName name) throws HostException {
    write(name, "[Service]\nExecStart=/bin/sleep 600\n");
  }

  private void write(UnitName name, String text) throws HostException {
    host.run(List.of("tee", "/usr/lib/systemd/system/" + file(name)), text);
    host.run("systemctl", "daemon-reload");
  }

  /** The template of an instance. */
  private static String file(UnitName name) {
    return name.text().replaceFirst("@.*[.]", "@.");
  }

  @Override
  protected void start(UnitName name) throws HostException {
    host.run("systemctl", "start", name.text());
  }

  @Override
  protected void stop(UnitName name) throws HostException {
    host.run("systemctl", "stop", name.text());
  }

  @Override
  protected void end() {
    bus.close();
  }

  private ForeignUnit look(UnitName name) throws HostException {
    return Objects.requireNonNull(units.observe(Set.of(name)).units().get(name), "asked for");
  }

  @Test
  void whatCannotBeMeshedIsSeen() throws HostException {
    write(ALONE, "[Service]\nExecStart=/bin/sleep 600\nPrivateNetwork=yes\n");
    assertTrue(look(ALONE).ownNetwork());

    host.run("systemctl", "mask", ALONE.text());
    assertEquals(ForeignUnit.Load.MASKED, look(ALONE).load());
    host.run("systemctl", "unmask", ALONE.text());
    assertEquals(ForeignUnit.Load.LOADED, look(ALONE).load());

    write(ALONE, "[Service]\nType=nothing\n");
    assertEquals(ForeignUnit.Load.BROKEN, look(ALONE).load());
  }

  @Test
  void filesThatWereNotReadAgainAreSeen() throws HostException {
    write(ALONE, "[Service]\nExecStart=/bin/sleep 600\n");
    start(ALONE);
    assertFalse(look(ALONE).outdated());
    host.run(
        List.of("tee", "/usr/lib/systemd/system/" + ALONE), "[Service]\nExecStart=/bin/sleep 60\n");
    host.run("touch", "--date=tomorrow", "/usr/lib/systemd/system/" + ALONE);
    assertTrue(look(ALONE).outdated());
    stop(ALONE);
  }

  @Test
  void anAdministratorsDropInStays() throws HostException {
    UnitName name = new UnitName("contract-guest@two.service");
    install(name);
    String directory = "/etc/systemd/system/" + name + ".d";
    host.run("mkdir", "-p", directory);
    host.run(List.of("tee", directory + "/10-own.conf"), "[Service]\nNice=5\n");
    units.putDropIn(name, "[Service]\nSlice=contract-mesh.slice\n");
    units.removeDropIn(name);
    assertEquals("10-own.conf", host.run("ls", directory).strip());
  }
}
