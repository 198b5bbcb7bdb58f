// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.filter.Filters;
import io.meshx.agent.filter.FiltersContract;
import io.meshx.agent.filter.Instruction;
import io.meshx.agent.filter.PacketProgram;
import io.meshx.agent.filter.Passage;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.Direct;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real kernel, in a bpf file system of the test's own. */
@Tag("root")
final class PinnedFiltersTest extends FiltersContract {
  private final Commands commands = new HostCommands(Duration.ofSeconds(20));
  private final Path mount;
  private final PinnedFilters filters;

  PinnedFiltersTest() throws IOException, HostException {
    this.mount = Files.createTempDirectory("meshx-bpf");
    commands.run("mount", "-t", "bpf", "bpf", mount.toString());
    this.filters = new PinnedFilters(mount.resolve("meshx"));
  }

  @AfterEach
  void unmount() throws IOException, HostException {
    commands.run("umount", mount.toString());
    Files.delete(mount);
  }

  @Override
  protected Filters filters() {
    return filters;
  }

  @Test
  void theDirectoryIsForRootAloneAndGoesWithTheLastProgram() throws Exception {
    filters.pin(PacketProgram.LOOPBACK_ONLY);
    assertEquals("[OWNER_READ, OWNER_WRITE, OWNER_EXECUTE]", modes());
    filters.unpin("loopback-only-1");
    assertTrue(Files.notExists(mount.resolve("meshx")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.%d.%d.0/25", "fd00:%x:%x::/127"})
  void theKernelTakesProgramsWithAsManyExceptionsAsCanBeConfigured(String form)
      throws HostException {
    TreeSet<PortRange> ports = new TreeSet<>();
    TreeSet<Port> served = new TreeSet<>();
    TreeSet<Cidr> networks = new TreeSet<>();
    for (int i = 0; i < 500; i++) {
      ports.add(PortRange.of(new Port(2 * i + 1)));
      served.add(new Port(2000 + i));
      networks.add(Cidr.parse(form.formatted(i / 250, i % 250)));
    }
    List<Passage> passages =
        Passage.of(new Direct(ports, networks, ports, ports, networks), served);
    for (PacketProgram.Direction direction : PacketProgram.Direction.values()) {
      PacketProgram program = PacketProgram.of(direction, passages);
      filters.pin(program);
      assertTrue(filters.observe().contains(program.name()));
    }
  }

  private String modes() throws IOException {
    return Files.getPosixFilePermissions(mount.resolve("meshx")).stream()
        .sorted()
        .toList()
        .toString();
  }

  @Test
  void aProgramThatTheVerifierRefusesIsRefusedInItsWords() throws HostException {
    PacketProgram unreadable =
        new PacketProgram(
            "bad", List.of(new Instruction(0x61, 0, 9, 0, 0), new Instruction(0x95, 0, 0, 0, 0)));

    FileFailed failure = assertThrows(FileFailed.class, () -> filters.pin(unreadable));

    assertTrue(failure.toString().contains("the verifier says: "), failure.toString());
    assertTrue(failure.toString().contains("R9 !read_ok"), failure.toString());
    assertFalse(filters.observe().contains("bad"));
  }

  @Test
  void elsewhereThanInABpfFileSystemNothingCanBePinned() throws IOException {
    Path ordinary = Files.createTempDirectory("meshx-none");
    FileFailed failure =
        assertThrows(
            FileFailed.class, () -> new PinnedFilters(ordinary).pin(PacketProgram.LOOPBACK_ONLY));

    assertTrue(failure.toString().contains("needs a bpf file system there"), failure.toString());
    Files.delete(ordinary);
  }
}
