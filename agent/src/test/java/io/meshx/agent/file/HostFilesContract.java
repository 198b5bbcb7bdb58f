// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every {@link HostFiles} does, in a directory that is there and empty at first. */
public abstract class HostFilesContract {
  /** The directory, below {@link #base}, that the files under test are to sweep. */
  protected static final Path SWEPT = Path.of("swept");

  /** A directory that is there, and empty at first. */
  protected abstract Path base();

  /** A user that may own files. */
  protected abstract UserName owner();

  /** The files under test. */
  protected abstract HostFiles files();

  /** All that is below the base, in a comparable form; "" if nothing is. */
  protected abstract String host() throws HostException;

  private Path path(String name) {
    return base().resolve(name);
  }

  private HostFile file(String name, int mode, String content) {
    return HostFile.file(path(name), owner(), mode, content);
  }

  private HostFile directory(String name, int mode) {
    return HostFile.directory(path(name), owner(), mode);
  }

  /** Writes, and checks that it is then observed as wanted. */
  protected void writeAndCheck(HostFile file) throws HostException {
    files().write(file);

    assertEquals(Map.of(file.path(), file.state()), files().observe(Set.of(file.path())));
  }

  @AfterEach
  void writingTwiceChangesNothingAndRemovingLeavesTheHostAsItWas() throws HostException {
    for (String name : Set.of("dir", "file", "swept")) {
      files().remove(path(name));
    }
    assertEquals("", host());

    files().write(directory("dir", 0750));
    files().write(file("dir/env", 0600, "A=1\n"));
    String written = host();
    files().write(directory("dir", 0750));
    files().write(file("dir/env", 0600, "A=1\n"));
    assertEquals(written, host());

    files().remove(path("dir"));
    assertEquals("", host());
  }

  @Test
  void whatIsNotThereIsNotObserved() throws HostException {
    assertEquals(Map.of(), files().observe(Set.of(path("file"), path("dir/file"))));
  }

  @Test
  void writtenFilesAreObservedAsWanted() throws HostException {
    writeAndCheck(file("file", 0640, "one"));
    writeAndCheck(file("file", 0600, "one"));
    writeAndCheck(file("file", 0400, "two, longer than before"));
    writeAndCheck(file("file", 0644, ""));
  }

  @Test
  void writtenDirectoriesAreObservedAsWanted() throws HostException {
    writeAndCheck(directory("dir", 0755));
    writeAndCheck(directory("dir", 0700));
    writeAndCheck(directory("dir", 02770));
  }

  @Test
  void changeOfADirectoryKeepsWhatItHolds() throws HostException {
    files().write(directory("dir", 0755));
    files().write(file("dir/file", 0600, "kept"));
    files().write(directory("dir", 0700));

    assertEquals(
        Map.of(path("dir/file"), file("dir/file", 0600, "kept").state()),
        files().observe(Set.of(path("dir/file"))));
  }

  @Test
  void missingParentsOfADirectoryAreMadeLikeIt() throws HostException {
    files().write(directory("dir/a/b", 0750));

    assertEquals(
        Map.of(
            path("dir"), directory("dir", 0750).state(),
            path("dir/a"), directory("dir/a", 0750).state(),
            path("dir/a/b"), directory("dir/a/b", 0750).state()),
        files().observe(Set.of(path("dir"), path("dir/a"), path("dir/a/b"))));
  }

  @Test
  void parentsThatAreThereStayAsTheyAre() throws HostException {
    files().write(directory("dir", 0755));
    files().write(directory("dir/a", 0700));

    assertEquals(
        Map.of(path("dir"), directory("dir", 0755).state()), files().observe(Set.of(path("dir"))));
  }

  @Test
  void fileInADirectoryThatIsMissingIsRefused() throws HostException {
    assertThrows(HostException.class, () -> files().write(file("dir/file", 0600, "x")));

    assertEquals("", host());
  }

  @Test
  void directoryWhereAFileIsWantedIsRefused() throws HostException {
    files().write(directory("dir", 0700));
    String there = host();

    assertThrows(HostException.class, () -> files().write(file("dir", 0600, "x")));
    assertEquals(there, host());
  }

  @Test
  void fileWhereADirectoryIsWantedIsRefused() throws HostException {
    files().write(file("file", 0600, "x"));
    String there = host();

    assertThrows(HostException.class, () -> files().write(directory("file", 0700)));
    assertThrows(HostException.class, () -> files().write(directory("file/below", 0700)));
    assertEquals(there, host());
  }

  @Test
  void sweptDirectoryIsObservedUnasked() throws HostException {
    files().write(directory("swept", 0700));
    files().write(directory("dir", 0700));
    files().write(file("dir/file", 0600, "not asked for"));
    files().write(directory("swept/sub", 0700));
    files().write(file("swept/sub/deep", 0600, "deep"));
    files().write(file("swept/stale", 0600, "stale"));

    assertEquals(
        Map.of(
            path("swept/sub"), directory("swept/sub", 0700).state(),
            path("swept/sub/deep"), file("swept/sub/deep", 0600, "deep").state(),
            path("swept/stale"), file("swept/stale", 0600, "stale").state()),
        files().observe(Set.of()));
  }

  @Test
  void directoryIsRemovedWithAllThatItHolds() throws HostException {
    files().write(directory("dir/a", 0700));
    files().write(file("dir/a/file", 0600, "x"));
    files().write(file("file", 0600, "stays"));
    files().remove(path("dir"));

    assertEquals(Map.of(), files().observe(Set.of(path("dir"), path("dir/a/file"))));
    assertEquals(1, files().observe(Set.of(path("file"))).size());
  }

  @Test
  void whatIsGoneIsRemovedWithoutAnError() throws HostException {
    files().remove(path("file"));
    files().remove(path("dir/file"));

    assertEquals("", host());
  }
}
