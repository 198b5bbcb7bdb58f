// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Texts that tests compare with. */
public final class Golden {
  private Golden() {}

  /**
   * The text of a test resource.
   *
   * @param name from the root of the resources, such as {@code firewall/install.restore}
   */
  public static String text(String name) {
    try (InputStream stream = Golden.class.getResourceAsStream("/" + name)) {
      if (stream == null) {
        throw new IllegalArgumentException("there is no test resource '" + name + "'");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
