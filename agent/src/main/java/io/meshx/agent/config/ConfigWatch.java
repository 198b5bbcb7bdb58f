// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Says when the configuration on disk may have changed, by inotify. Several changes at once, such
 * as an editor's, are said once.
 */
public final class ConfigWatch implements AutoCloseable {
  private static final long SETTLE_MILLIS = 10;

  private final WatchService watcher;
  private final Path directory;

  private ConfigWatch(WatchService watcher, Path directory) {
    this.watcher = watcher;
    this.directory = directory;
  }

  /**
   * Begins to watch a configuration directory and those below it that hold configuration.
   *
   * @param directory with agent.toml
   * @throws IOException if it cannot be watched
   */
  public static ConfigWatch of(Path directory) throws IOException {
    ConfigWatch watch = new ConfigWatch(directory.getFileSystem().newWatchService(), directory);
    watch.register();
    return watch;
  }

  /** Registers what exists; the same directory again is the same key, so this can be repeated. */
  private void register() throws IOException {
    for (Path path :
        List.of(directory, directory.resolve("conf.d"), directory.resolve("workloads"))) {
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
