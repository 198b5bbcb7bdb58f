// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import java.nio.file.Path;

/** A certificate, key or token, or where it is. */
public sealed interface Material {
  /**
   * It is in a file, which may be replaced at any time.
   *
   * @param path of the file
   */
  record InFile(Path path) implements Material {
    @Override
    public String toString() {
      return "'" + path + "'";
    }
  }

  /**
   * It is this; never printed.
   *
   * @param text what a file would hold
   */
  record Given(String text) implements Material {
    @Override
    public String toString() {
      return "what the kubeconfig holds";
    }
  }
}
