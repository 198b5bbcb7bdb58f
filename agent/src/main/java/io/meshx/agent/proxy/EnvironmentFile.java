// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Variables as the text of a file that systemd reads as {@code EnvironmentFile=}.
 *
 * <p>Between single quotes systemd takes everything as it is, newlines and backslashes included, up
 * to the next single quote; quoted parts that touch are joined. There are no comments behind a
 * value.
 *
 * @see <a
 *     href="https://www.freedesktop.org/software/systemd/man/systemd.exec.html">systemd.exec(5),
 *     EnvironmentFile=</a>
 */
final class EnvironmentFile {
  private static final Pattern PLAIN = Pattern.compile("[a-zA-Z0-9_.,:/@%+=-]+");

  private final Map<String, String> variables = new LinkedHashMap<>();

  /**
   * Sets a variable.
   *
   * @throws IllegalArgumentException if the value is empty or has a NUL character; the proxy takes
   *     an empty list for an error, so a variable without a value must be left out
   */
  EnvironmentFile set(String name, String value) {
    if (value.isEmpty() || value.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("'" + name + "' is empty or has a NUL character");
    }
    variables.put(name, value);
    return this;
  }

  /** The file's text: one variable after the other in the order in which they were set. */
  String text() {
    StringBuilder text = new StringBuilder();
    variables.forEach(
        (name, value) -> text.append(name).append('=').append(quoted(value)).append('\n'));
    return text.toString();
  }

  private static String quoted(String value) {
    return PLAIN.matcher(value).matches() ? value : "'" + value.replace("'", "'\"'\"'") + "'";
  }
}
