// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.file.posix;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Directories with what they hold. What is below one may belong to an unprivileged user who changes
 * it meanwhile, so removal goes from open directory to open directory, never by path.
 */
final class Tree {
  private static final Logger LOG = LoggerFactory.getLogger(Tree.class);

  private Tree() {}

  /** The paths of a directory's entries; none if it is gone. */
  static List<Path> children(Path directory) throws IOException {
    ArrayList<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(children::add);
    } catch (NoSuchFileException e) {
      LOG.debug("gone meanwhile", e);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return children;
  }

  /** Removes what stands at a path, and what it holds if it is a directory. */
  static void remove(Path path) throws IOException {
    Path parent = path.getParent();
    Path name = path.getFileName();
    if (parent == null || name == null) {
      throw new IOException("it is the root directory");
    }
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(parent)) {
      remove(secure(stream), name);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private static void remove(SecureDirectoryStream<Path> directory, Path name) throws IOException {
    try {
      if (!directory
          .getFileAttributeView(name, BasicFileAttributeView.class, NOFOLLOW_LINKS)
          .readAttributes()
          .isDirectory()) {
        directory.deleteFile(name);
        return;
      }
      try (DirectoryStream<Path> stream = directory.newDirectoryStream(name, NOFOLLOW_LINKS)) {
        SecureDirectoryStream<Path> below = secure(stream);
        for (Path child : below) {
          remove(below, child.getFileName());
        }
      }
      directory.deleteDirectory(name);
    } catch (NoSuchFileException e) {
      LOG.debug("gone meanwhile", e);
    }
  }

  private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream)
      throws IOException {
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      return secure;
    }
    throw new IOException("this system cannot work relative to an open directory (openat(2))");
  }
}
