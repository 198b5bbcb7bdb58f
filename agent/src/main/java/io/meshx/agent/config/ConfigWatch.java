// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Says when the configuration on disk may have changed, by inotify. Several changes at once, such
 * as an editor's, are said once.
 */
public final class ConfigWatch implements AutoCloseable {
  private static final long SETTLE_MILLIS = 10;

  private final WatchService watcher;
  private final Path directory;
  private final Supplier<Set<Path>> named;

  private ConfigWatch(WatchService watcher, Path directory, Supplier<Set<Path>> named) {
    this.watcher = watcher;
    this.directory = directory;
    this.named = named;
  }

  /**
   * Begins to watch a configuration directory and those below it that hold configuration.
   *
   * @param directory with agent.toml
   * @param named files elsewhere whose content is part of the configuration; asked again after each
   *     change
   * @throws IOException if it cannot be watched
   */
  public static ConfigWatch of(Path directory, Supplier<Set<Path>> named) throws IOException {
    ConfigWatch watch =
        new ConfigWatch(directory.getFileSystem().newWatchService(), directory, named);
    watch.register();
    return watch;
  }

  /** Registers what exists; the same directory again is the same key, so this can be repeated. */
  private void register() throws IOException {
    List<Path> directories =
        new ArrayList<>(
            List.of(directory, directory.resolve("conf.d"), directory.resolve("workloads")));
    for (Path file : named.get()) {
      // A file may be replaced, so its directory is watched.
      directories.add(directory.resolve(file).resolveSibling("").normalize());
    }
    for (Path path : directories) {
      if (Files.isDirectory(path)) {
        path.register(
            watcher,
            StandardWatchEventKinds.ENTRY_CREATE,
            StandardWatchEventKinds.ENTRY_MODIFY,
            StandardWatchEventKinds.ENTRY_DELETE);
      }
    }
  }

  /**
   * Waits until something changed.
   *
   * @return false when the watch was closed
   * @throws IOException if a directory that appeared cannot be watched
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public boolean await() throws IOException, InterruptedException {
    try {
      WatchKey key = watcher.take();
      while (key != null) {
        key.pollEvents();
        key.reset();
        key = watcher.poll(SETTLE_MILLIS, TimeUnit.MILLISECONDS);
      }
      register();
      return true;
    } catch (ClosedWatchServiceException e) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    watcher.close();
  }
}
