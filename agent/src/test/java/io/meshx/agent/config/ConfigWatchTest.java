// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigWatchTest {
  private static final long PATIENCE_SECONDS = 20;

  @TempDir private Path root;
  private final ExecutorService waiting = Executors.newSingleThreadExecutor();
  private Path configuration;
  private Path anchors;
  private ConfigWatch watch;

  @BeforeEach
  void open() throws Exception {
    configuration = Files.createDirectories(root.resolve("meshx-agent"));
    anchors = Files.createDirectories(root.resolve("pki")).resolve("anchors.pem");
    Files.writeString(anchors, "old");
    watch = ConfigWatch.of(configuration, () -> Set.of(anchors));
  }

  @AfterEach
  void close() throws Exception {
    watch.close();
    waiting.close();
  }

  private void toldAfter(Path file) throws Exception {
    Future<Boolean> told = waiting.submit(() -> watch.await());
    Path other = Files.writeString(file.resolveSibling(".new"), "new");
    Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
    assertTrue(told.get(PATIENCE_SECONDS, TimeUnit.SECONDS), file::toString);
  }

  @Test
  void changesOfItsFilesAreTold() throws Exception {
    toldAfter(configuration.resolve("agent.toml"));
    toldAfter(configuration.resolve("agent.toml"));
  }

  @Test
  void changesInADirectoryThatAppearedAreTold() throws Exception {
    Path later = configuration.resolve("conf.d");
    Files.createDirectory(later);
    assertTrue(waiting.submit(() -> watch.await()).get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    toldAfter(later.resolve("join.toml"));
  }

  @Test
  void aFileElsewhereThatIsReplacedIsTold() throws Exception {
    toldAfter(anchors);
  }

  @Test
  void itEndsWhenItIsClosed() throws Exception {
    Future<Boolean> told = waiting.submit(() -> watch.await());
    watch.close();
    assertFalse(told.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }
}
