// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.file.FileState;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.model.HostException.FileFailed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Files in memory. */
public final class FakeFiles implements HostFiles {
  private final List<Path> roots;
  private final Set<Path> base;
  private final Set<Path> removed = new HashSet<>();
  private final TreeMap<Path, HostFile> files = new TreeMap<>();
  private final List<String> operations = new ArrayList<>();

  /**
   * A host with no files of ours.
   *
   * @param roots directories in which all that there is is ours
   * @param base directories that are simply there, such as {@code /run}
   */
  public FakeFiles(List<Path> roots, Set<Path> base) {
    this.roots = List.copyOf(roots);
    this.base = Set.copyOf(base);
  }

  /** The content of a file, if there is one. */
  public synchronized Optional<String> content(Path path) {
    return Optional.ofNullable(files.get(path)).flatMap(HostFile::content);
  }

  /** Somebody else writes a file or makes a directory, or one appears by a unit of ours. */
  public synchronized void put(HostFile file) {
    removed.remove(file.path());
    files.put(file.path(), file);
  }

  /** What was removed and is not there again. */
  public synchronized Set<Path> removed() {
    return Set.copyOf(removed);
  }

  /** All files are gone, as those below /run are after a reboot. */
  public synchronized void wipe() {
    files.clear();
  }

  /** What was changed so far, one line each. */
  public synchronized List<String> operations() {
    return List.copyOf(operations);
  }

  @Override
  public synchronized SortedMap<Path, FileState> observe(Set<Path> paths) {
    TreeMap<Path, FileState> found = new TreeMap<>();
    files.forEach((path, file) -> {
      if (paths.contains(path)
          || roots.stream().anyMatch(root -> path.startsWith(root) && !path.equals(root))) {
        found.put(path, file.state());
      }
    });
    return found;
  }

  @Override
  public synchronized void write(HostFile file) throws FileFailed {
    HostFile there = files.get(file.path());
    boolean directory = file.content().isEmpty();
    if (base.contains(file.path()) || (there != null && there.content().isEmpty() != directory)) {
      throw failed("writing", file.path(), "it is something else");
    }
    if (directory) {
      makeParents(file);
    } else if (!isDirectory(file.path().getParent())) {
      throw failed("writing", file.path(), "its directory is missing");
    }
    operations.add("write " + file.path());
    removed.remove(file.path());
    files.put(file.path(), file);
  }

  private void makeParents(HostFile directory) throws FileFailed {
    for (Path path = directory.path().getParent();
        path != null && !isDirectory(path);
        path = path.getParent()) {
      if (files.containsKey(path)) {
        throw failed("writing", directory.path(), "'" + path + "' is a file");
      }
      files.put(path, HostFile.directory(path, directory.owner(), directory.mode()));
    }
  }

  private boolean isDirectory(@Nullable Path path) {
    if (path == null || base.contains(path)) {
      return path != null;
    }
    HostFile there = files.get(path);
    return there != null && there.content().isEmpty();
  }

  @Override
  public synchronized void remove(Path path) {
    removed.add(path);
    if (files.keySet().removeIf(there -> there.startsWith(path))) {
      operations.add("remove " + path);
    }
  }

  @Override
  public synchronized String toString() {
    StringBuilder text = new StringBuilder();
    files
        .values()
        .forEach(file ->
            text.append(
                "%s %04o %s %s%n"
                    .formatted(
                        file.path(),
                        file.mode(),
                        file.owner(),
                        file.state().content().map(Object::toString).orElse("directory"))));
    return text.toString();
  }

  private static FileFailed failed(String verb, Path path, String text) {
    return new FileFailed(verb + " '" + path + "'", text, null);
  }
}
