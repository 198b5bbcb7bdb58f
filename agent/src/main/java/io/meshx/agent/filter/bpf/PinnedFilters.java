// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter.bpf;

import io.meshx.agent.filter.Filters;
import io.meshx.agent.filter.PacketProgram;
import io.meshx.agent.model.HostException.FileFailed;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.SortedSet;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Programs pinned in a directory of ours in the bpf file system, which systemd mounts at boot. What
 * is pinned is gone after a reboot. Loading takes CAP_BPF and CAP_NET_ADMIN, pinning the right to
 * write there; systemd, which attaches them to a unit's control group, has its own.
 *
 * @see <a
 *     href="https://www.freedesktop.org/software/systemd/man/latest/systemd.resource-control.html">
 *     systemd.resource-control(5), IPIngressFilterPath=</a>
 */
public final class PinnedFilters implements Filters {
  private static final Logger LOG = LoggerFactory.getLogger(PinnedFilters.class);
  private static final String LICENSE = "Apache-2.0";

  private final Path directory;

  /**
   * Touches nothing yet.
   *
   * @param directory in a bpf file system; made when it is needed, and removed when it is empty
   */
  public PinnedFilters(Path directory) {
    this.directory = directory;
  }

  @Override
  public SortedSet<String> observe() throws FileFailed {
    TreeSet<String> names = new TreeSet<>();
    try (DirectoryStream<Path> pins = Files.newDirectoryStream(directory)) {
      pins.forEach(pin -> names.add(String.valueOf(pin.getFileName())));
    } catch (NoSuchFileException e) {
      LOG.debug("no program was pinned", e);
    } catch (IOException e) {
      throw failed("listing '" + directory + "'", e);
    }
    return names;
  }

  @Override
  public void pin(PacketProgram program) throws FileFailed {
    Path pin = directory.resolve(program.name());
    try {
      if (Files.notExists(directory)) {
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      new BpfCall().pin(program.code(), LICENSE, pin);
    } catch (IOException e) {
      throw failed(
          "pinning the packet filter '"
              + pin
              + "' (needs a bpf file system there, CAP_BPF and"
              + " CAP_NET_ADMIN)",
          e);
    }
  }

  @Override
  public void unpin(String name) throws FileFailed {
    try {
      Files.deleteIfExists(directory.resolve(name));
      Files.deleteIfExists(directory);
    } catch (DirectoryNotEmptyException e) {
      LOG.debug("other programs are still pinned", e);
    } catch (IOException e) {
      throw failed("removing the packet filter '" + directory.resolve(name) + "'", e);
    }
  }

  private static FileFailed failed(String what, IOException e) {
    return new FileFailed(what, e.toString(), e);
  }
}
