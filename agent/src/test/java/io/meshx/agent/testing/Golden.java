// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

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

  /**
   * Compares a text with a test resource. With {@code -Dgolden=write} it becomes the resource, and
   * whoever runs that reads the difference before it is committed.
   *
   * @param name from the root of the resources
   */
  public static void check(String name, String text) {
    if ("write".equals(System.getProperty("golden"))) {
      try {
        Files.writeString(Path.of("src/test/resources").resolve(name), text);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    } else {
      assertEquals(text(name), text, name);
    }
  }
}
