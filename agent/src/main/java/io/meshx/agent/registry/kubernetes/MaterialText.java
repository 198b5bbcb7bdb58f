// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import io.meshx.agent.registry.Material;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads what an access is made from. */
final class MaterialText {
  private MaterialText() {}

  /**
   * What it is now.
   *
   * @throws IOException if its file cannot be read
   */
  static String read(Material material) throws IOException {
    return switch (material) {
      case Material.InFile(Path path) -> Files.readString(path);
      case Material.Given(String text) -> text;
    };
  }

  /**
   * By what a replacement is noticed.
   *
   * @throws IOException if its file is not there
   */
  static Object version(Material material) throws IOException {
    return switch (material) {
      case Material.InFile(Path path) -> Files.getLastModifiedTime(path);
      case Material.Given given -> given;
    };
  }
}
