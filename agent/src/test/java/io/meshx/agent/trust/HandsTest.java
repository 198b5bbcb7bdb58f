// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In whose hands a file is, on a real file system. */
class HandsTest {
  private static final int NOBODY = 65534;
  @TempDir Path root;
  private Path directory;
  private Path file;

  @BeforeEach
  void make() throws IOException {
    directory = mode(Files.createDirectory(root.resolve("directory")), "rwxr-xr-x");
    file = mode(Files.createFile(directory.resolve("file")), "rw-r-----");
  }

  private static Path mode(Path path, String mode) throws IOException {
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  private static String objection(Path path) throws IOException {
    return Hands.replaceable(path).orElse("none");
  }

  private static String throughOpen(Path open) {
    return "is in '"
        + open
        + "', which may be changed by everybody (mode 0777); 'chmod go-w "
        + open
        + "'";
  }

  @Test
  void nobodyElseChangesAnOrdinaryFile() throws IOException {
    assertEquals("none", objection(file));
    assertEquals("none", objection(Path.of("/bin/sh")));
    assertEquals(Optional.empty(), Hands.readable(file));
  }

  @Test
  void whatIsNotThereIsInNobodysHands() throws IOException {
    assertEquals("none", objection(directory.resolve("gone")));
    assertEquals(Optional.empty(), Hands.readable(directory.resolve("gone")));
  }

  @Test
  void everybodyMayWriteIt() throws IOException {
    mode(file, "rw-rw-rw-");
    assertEquals(
        "may be changed by everybody (mode 0666); 'chmod go-w " + file + "'", objection(file));
  }

  @Test
  void everybodyMayReadIt() throws IOException {
    mode(file, "rw-r--r--");
    assertEquals(
        Optional.of("may be read by everybody (mode 0644); 'chmod go= " + file + "'"),
        Hands.readable(file));
  }

  @Test
  void everybodyMayReplaceIt() throws IOException {
    mode(directory, "rwxrwxrwx");
    assertEquals(throughOpen(directory), objection(file));
  }

  @Test
  void inAStickyDirectoryNobodyReplacesWhatBelongsToOthers() throws IOException {
    Files.setAttribute(directory, "unix:mode", 01777);
    assertEquals("none", objection(file));
  }

  @Test
  void aLinkLeadsToWhereItMayBeChanged() throws IOException {
    Path link = Files.createSymbolicLink(root.resolve("link"), file);
    assertEquals("none", objection(link));
    mode(directory, "rwxrwxrwx");
    assertEquals(throughOpen(directory), objection(link));
  }

  @Test
  void aLinkMayBeTurned() throws IOException {
    Path open = Files.createDirectory(root.resolve("open"));
    Path link = Files.createSymbolicLink(open.resolve("link"), file);
    mode(open, "rwxrwxrwx");
    assertEquals(throughOpen(open), objection(link));
  }

  @Test
  void aLinkInTheMiddleMayBeTurned() throws IOException {
    Path open = Files.createDirectory(root.resolve("open"));
    Path middle = Files.createSymbolicLink(open.resolve("middle"), directory);
    Path link = Files.createSymbolicLink(root.resolve("link"), middle);
    mode(open, "rwxrwxrwx");
    assertEquals(throughOpen(open), objection(link.resolve("file")));
  }

  @Test
  void aLinkGoesByItsOwnDirectory() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("../directory/file"));
    assertEquals("none", objection(link));
  }

  @Test
  @Tag("root")
  void anotherUserOwnsIt() throws IOException {
    Files.setAttribute(file, "unix:uid", NOBODY);
    assertEquals(
        "may be changed by its owner, user 65534; 'chown root " + file + "'", objection(file));
  }

  @Test
  @Tag("root")
  void aGroupMayWriteIt() throws IOException {
    mode(file, "rw-rw----");
    assertEquals("none", objection(file), "of the group root there is only root");
    Files.setAttribute(file, "unix:gid", NOBODY);
    assertEquals(
        "may be changed by group 65534 (mode 0660); 'chmod go-w " + file + "'", objection(file));
  }
}
