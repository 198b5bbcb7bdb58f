// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.file.posix;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.file.FileState;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.file.HostFilesContract;
import io.meshx.agent.host.Users;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.UserName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PosixFilesTest extends HostFilesContract {
  private static final UserName OTHER = new UserName("someone");
  private static final Users.User OTHER_IDS = new Users.User(64123, 64124);

  private final Path base;
  private final UserName owner;
  private final PosixFiles files;

  PosixFilesTest(@TempDir Path directory) throws IOException {
    base = directory.toRealPath();
    Map<String, Object> mine = Files.readAttributes(base, "unix:uid,gid");
    owner = new UserName(Files.getOwner(base).getName());
    Users.User ids =
        new Users.User(
            Integer.parseInt(String.valueOf(mine.get("uid"))),
            Integer.parseInt(String.valueOf(mine.get("gid"))));
    Users users =
        names -> {
          TreeMap<UserName, Users.User> found = new TreeMap<>(Map.of(owner, ids, OTHER, OTHER_IDS));
          found.keySet().retainAll(names);
          return found;
        };
    files = new PosixFiles(users, List.of(base.resolve(SWEPT)));
  }

  @Override
  protected Path base() {
    return base;
  }

  @Override
  protected UserName owner() {
    return owner;
  }

  @Override
  protected HostFiles files() {
    return files;
  }

  @Override
  protected String host() throws HostException {
    return new HostCommands(Duration.ofSeconds(30))
        .run("find", base.toString(), "-mindepth", "1", "-printf", "%P %m %u %g %s\n")
        .lines()
        .sorted()
        .collect(Collectors.joining("\n"));
  }

  private HostFile file(String name, String content) {
    return HostFile.file(base.resolve(name), owner, 0600, content);
  }

  private void assertRefused(String expected, Attempt attempt) {
    FileFailed failure = assertThrows(FileFailed.class, attempt::run);
    assertEquals(expected, String.valueOf(failure.getMessage()).replace(base.toString(), "BASE"));
  }

  private interface Attempt {
    void run() throws HostException;
  }

  @Test
  @Tag("root")
  void ownerAndItsPrimaryGroupAreSet() throws Exception {
    files.write(HostFile.directory(base.resolve("dir"), OTHER, 0750));
    files.write(HostFile.file(base.resolve("dir/file"), OTHER, 04750, "x"));

    for (String name : List.of("dir", "dir/file")) {
      assertEquals(
          Map.of("uid", OTHER_IDS.uid(), "gid", OTHER_IDS.gid()),
          Files.readAttributes(base.resolve(name), "unix:uid,gid"));
    }
    FileState seen = files.observe(Set.of(base.resolve("dir/file"))).get(base.resolve("dir/file"));
    assertEquals(
        new FileState(
            base.resolve("dir/file"),
            FileState.UNKNOWN_OWNER,
            04750,
            file("dir/file", "x").state().content()),
        seen);
  }

  @Test
  void userThatDoesNotExistIsRefused() {
    assertRefused(
        "writing 'BASE/file' failed: there is no user 'nobody-here'",
        () ->
            files.write(
                HostFile.file(base.resolve("file"), new UserName("nobody-here"), 0600, "x")));
  }

  @Test
  void unfinishedWriteIsTakenAway() throws Exception {
    Path half = Files.writeString(base.resolve(".file.new-0123456789abcdef"), "half");
    files.write(file("file", "whole"));

    assertFalse(Files.exists(half));
    assertEquals("whole", Files.readString(base.resolve("file")));
  }

  @Test
  void unfinishedWriteInASweptDirectoryIsObserved() throws Exception {
    files.write(HostFile.directory(base.resolve(SWEPT), owner, 0700));
    Path half = Files.writeString(base.resolve(SWEPT).resolve(".file.new-1"), "half");

    assertEquals(Set.of(half), files.observe(Set.of()).keySet());
  }

  /** What a look finds, a plan removes: it may find no file that is still being written. */
  @Test
  void writeUnderWayIsNotObserved() throws Exception {
    files.write(HostFile.directory(base.resolve(SWEPT), owner, 0700));
    try (ExecutorService writer = Executors.newSingleThreadExecutor()) {
      Future<?> writes =
          writer.submit(() -> {
            for (int i = 0; i < 200; i++) {
              files.write(HostFile.file(base.resolve(SWEPT).resolve("file"), owner, 0600, "v" + i));
            }
            return null;
          });
      while (!writes.isDone()) {
        for (Path seen : files.observe(Set.of()).keySet()) {
          assertEquals(base.resolve(SWEPT).resolve("file"), seen);
        }
      }
      writes.get();
    }
  }

  @Test
  void fileIsReplacedNotWrittenInto() throws Exception {
    files.write(file("file", "old"));
    Path kept = Files.createLink(base.resolve("dir"), base.resolve("file"));
    files.write(file("file", "new"));

    assertEquals("old", Files.readString(kept));
  }

  @Test
  void linkAtTheEndIsNeitherReadNorWritten() throws Exception {
    Path target = Files.writeString(base.resolve("file"), "target");
    Path link = Files.createSymbolicLink(base.resolve("dir"), target);

    assertRefused(
        "looking at 'BASE/dir' failed: it is a symbolic link; remove it",
        () -> files.observe(Set.of(link)));
    assertRefused(
        "writing 'BASE/dir' failed: it is a symbolic link; a file is wanted there",
        () -> files.write(file("dir", "x")));
    assertRefused(
        "writing 'BASE/dir' failed: it is a symbolic link; a directory is wanted there",
        () -> files.write(HostFile.directory(link, owner, 0700)));
    assertEquals("target", Files.readString(target));
  }

  @Test
  void linkAtTheEndIsRemovedItself() throws Exception {
    Path target = Files.createDirectory(base.resolve("swept"));
    Files.writeString(target.resolve("kept"), "kept");
    Files.createSymbolicLink(base.resolve("dir"), target);
    files.remove(base.resolve("dir"));

    assertFalse(Files.exists(base.resolve("dir"), NOFOLLOW_LINKS));
    assertTrue(Files.exists(target.resolve("kept")));
  }

  @Test
  void linkOnTheWayIsRefused() throws Exception {
    Path target = Files.createDirectory(base.resolve("swept"));
    Files.writeString(target.resolve("file"), "target");
    Files.createSymbolicLink(base.resolve("dir"), target);
    String text =
        " 'BASE/dir/file' failed: 'BASE/dir' is a symbolic link; a directory is needed there";

    assertRefused("looking at" + text, () -> files.observe(Set.of(base.resolve("dir/file"))));
    assertRefused("writing" + text, () -> files.write(file("dir/file", "x")));
    assertRefused("removing" + text, () -> files.remove(base.resolve("dir/file")));
    assertEquals("target", Files.readString(target.resolve("file")));
  }

  @Test
  void linkInADirectoryThatIsRemovedIsNotFollowed() throws Exception {
    Path target = Files.createDirectory(base.resolve("swept"));
    Files.writeString(target.resolve("kept"), "kept");
    Files.createDirectories(base.resolve("dir/sub"));
    Files.createSymbolicLink(base.resolve("dir/sub/link"), target);
    files.remove(base.resolve("dir"));

    try (Stream<Path> left = Files.list(base)) {
      assertEquals(List.of(target), left.toList());
    }
    assertTrue(Files.exists(target.resolve("kept")));
  }

  @Test
  void wrongKindsAreNamed() throws Exception {
    files.write(HostFile.directory(base.resolve("dir"), owner, 0700));
    files.write(file("file", "x"));

    assertRefused(
        "writing 'BASE/dir' failed: it is a directory; a file is wanted there",
        () -> files.write(file("dir", "x")));
    assertRefused(
        "writing 'BASE/file' failed: it is a file; a directory is wanted there",
        () -> files.write(HostFile.directory(base.resolve("file"), owner, 0700)));
    assertRefused(
        "writing 'BASE/gone/file' failed: directory 'BASE/gone' is missing",
        () -> files.write(file("gone/file", "x")));
    assertRefused(
        "looking at 'BASE/file/x' failed: 'BASE/file' is a file; a directory is needed there",
        () -> files.observe(Set.of(base.resolve("file/x"))));
  }

  @Test
  void directoriesInOneAnotherMayBeWrittenAtTheSameTime() throws Exception {
    for (int round = 0; round < 50; round++) {
      Path outer = base.resolve("round" + round);
      List<HostFile> wanted =
          Stream.of(outer, outer.resolve("a"), outer.resolve("a/b"), outer.resolve("c"))
              .map(path -> HostFile.directory(path, owner, 0750))
              .toList();
      CyclicBarrier together = new CyclicBarrier(wanted.size());
      try (ExecutorService writers = Executors.newFixedThreadPool(wanted.size())) {
        List<Future<@Nullable Void>> writing = new ArrayList<>();
        for (HostFile each : wanted) {
          Callable<@Nullable Void> write =
              () -> {
                together.await();
                files.write(each);
                return null;
              };
          writing.add(writers.submit(write));
        }
        for (Future<@Nullable Void> each : writing) {
          each.get();
        }
      }
      for (HostFile each : wanted) {
        assertEquals(Map.of(each.path(), each.state()), files.observe(Set.of(each.path())));
      }
      files.remove(outer);
    }
  }
}
