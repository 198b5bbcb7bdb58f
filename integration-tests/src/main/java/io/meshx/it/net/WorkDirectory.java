// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.net;

import io.meshx.it.exec.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The directory of one lab, which says whose lab it is: it is there before anything else of the lab
 * and goes after all else.
 *
 * @param id of the lab
 * @param path where it is
 */
public record WorkDirectory(LabId id, Path path) {
  /** In memory when there is room, since what hosts write there need not survive. */
  private static final Path MEMORY = Path.of("/dev/shm");

  private static final Path DISK = Path.of("/var/tmp");
  private static final long ROOM_BYTES = 4L << 30;
  private static final String NAME = "lab";
  private static final String OWNER = "owner";

  /** Makes one for a new lab that this process owns. */
  public static WorkDirectory create() {
    LabId id = LabId.random();
    try {
      Path made = base().resolve(id.name(NAME));
      Path partial = made.resolveSibling(id.name("new")); // Without an owner it must not be found.
      Files.createDirectory(
          partial,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.writeString(partial.resolve(OWNER), self());
      Files.move(partial, made, StandardCopyOption.ATOMIC_MOVE);
      return new WorkDirectory(id, made);
    } catch (IOException e) {
      throw new LabException("making the directory of lab " + id, e);
    }
  }

  private static Path base() throws IOException {
    boolean room =
        Files.isDirectory(MEMORY)
            && Files.getFileStore(MEMORY).type().equals("tmpfs")
            && Files.getFileStore(MEMORY).getUsableSpace() >= ROOM_BYTES;
    return room ? MEMORY : DISK;
  }

  /** Those of all labs, living and dead. */
  public static List<WorkDirectory> all() {
    List<WorkDirectory> found = new ArrayList<>();
    for (Path base : List.of(MEMORY, DISK)) {
      if (Files.isDirectory(base)) {
        try (Stream<Path> each = Files.list(base)) {
          each.forEach(path ->
              LabId.owning(String.valueOf(path.getFileName()))
                  .filter(id -> path.endsWith(id.name(NAME)))
                  .ifPresent(id -> found.add(new WorkDirectory(id, path))));
        } catch (IOException e) {
          throw new LabException("listing '" + base + "'", e);
        }
      }
    }
    return found;
  }

  /** True while the process that made it lives. */
  public boolean owned() {
    try {
      List<String> owner = Files.readAllLines(path.resolve(OWNER));
      return owner.size() == 2
          && started(owner.getFirst()).map(owner.getLast()::equals).orElse(false);
    } catch (IOException e) {
      return false;
    }
  }

  private static String self() {
    String pid = Long.toString(ProcessHandle.current().pid());
    return pid + "\n" + started(pid).orElse("") + "\n";
  }

  /** When a process began, in the kernel's ticks: a later one with the same id differs. */
  private static Optional<String> started(String pid) {
    try {
      String stat = Files.readString(Path.of("/proc", pid, "stat"));
      // Field 22; the second one, the name in brackets, may hold spaces.
      return Optional.of(List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ")).get(19));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
