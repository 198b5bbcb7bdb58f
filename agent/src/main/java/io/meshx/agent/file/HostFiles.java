// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.file;

import io.meshx.agent.model.HostException;
import java.nio.file.Path;
import java.util.Set;
import java.util.SortedMap;

/** The files of ours below /run/meshx-agent and /var/lib/meshx-agent. */
public interface HostFiles {
  /**
   * Those of the given paths that exist, and every file below the roots that the adapter sweeps, so
   * that what nobody wants any more can be found.
   *
   * @param paths absolute paths to look at in any case
   * @throws HostException if one cannot be read
   */
  SortedMap<Path, FileState> observe(Set<Path> paths) throws HostException;

  /**
   * Writes a file by a temporary file beside it and a rename, or makes a directory; owner and mode
   * are right before the name appears.
   *
   * @throws HostException if it cannot be written
   */
  void write(HostFile file) throws HostException;

  /**
   * Removes a file, or a directory with all that it holds; one that is gone is no error.
   *
   * @throws HostException if it cannot be removed
   */
  void remove(Path path) throws HostException;
}
