// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.file.HostFilesContract;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class FakeFilesTest extends HostFilesContract {
  private static final Path BASE = Path.of("/run/test");

  private final FakeFiles files =
      new FakeFiles(List.of(BASE.resolve(SWEPT)), Set.of(BASE, Path.of("/run"), Path.of("/")));

  @Override
  protected Path base() {
    return BASE;
  }

  @Override
  protected UserName owner() {
    return new UserName("meshx-proxy");
  }

  @Override
  protected HostFiles files() {
    return files;
  }

  @Override
  protected String host() {
    return files.toString();
  }

  @Test
  void contentCanBeRead() throws HostException {
    files.write(HostFile.file(BASE.resolve("file"), owner(), 0600, "text"));

    assertEquals(Optional.of("text"), files.content(BASE.resolve("file")));
    files.wipe();
    assertEquals(Optional.empty(), files.content(BASE.resolve("file")));
  }
}
