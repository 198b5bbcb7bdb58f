// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet.ufw;

import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Guards;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ufw's own files. Its rules are kept there with a comment line each that says what was asked for.
 *
 * @see <a href="https://manpages.debian.org/stable/ufw/ufw-framework.8.en.html">
 *     ufw-framework(8)</a>
 */
public final class UfwFiles implements Guards {
  private static final Logger LOG = LoggerFactory.getLogger(UfwFiles.class);
  private static final Pattern ENABLED = Pattern.compile("(?m)^ENABLED=[\"']?yes[\"']?\\s*$");
  private static final Pattern ACCEPTS =
      Pattern.compile("(?m)^DEFAULT_INPUT_POLICY=[\"']?ACCEPT[\"']?\\s*$");

  /** Such as {@code ### tuple ### allow tcp 4143 0.0.0.0/0 any 0.0.0.0/0 in}. */
  private static final Pattern ALLOWED =
      Pattern.compile("(?m)^### tuple ### (?:allow|limit)(?:_log)? (?:tcp|any) (\\S+) .* in.*$");

  private static final String ANY = "any";
  private static final PortRange ALL = new PortRange(new Port(1), new Port(65535));

  private final Path root;

  /**
   * Reads nothing yet.
   *
   * @param root the host's root directory
   */
  public UfwFiles(Path root) {
    this.root = root;
  }

  /** ufw if it is on and refuses anything, and else nobody. */
  @Override
  public Guard observe() throws FileFailed {
    if (!ENABLED.matcher(read("etc/ufw/ufw.conf")).find()
        || ACCEPTS.matcher(read("etc/default/ufw")).find()) {
      return new Guard.None();
    }
    TreeSet<PortRange> allowed = new TreeSet<>();
    Matcher rules = ALLOWED.matcher(read("etc/ufw/user.rules"));
    while (rules.find()) {
      try {
        for (String port : List.of(rules.group(1).split(",", -1))) {
          allowed.add(range(port));
        }
      } catch (IllegalArgumentException e) {
        // It can only mean that ufw lets in more than we know.
        LOG.debug("a rule of ufw that we do not understand: {}", rules.group(), e);
      }
    }
    return new Guard.Ufw(allowed);
  }

  private static PortRange range(String text) {
    if (text.equals(ANY)) {
      return ALL;
    }
    return text.indexOf(':') > 0
        ? PortRange.parse(text.replace(':', '-'))
        : PortRange.of(new Port(Integer.parseInt(text)));
  }

  private String read(String path) throws FileFailed {
    Path file = root.resolve(path);
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      LOG.trace("no ufw", e);
      return "";
    } catch (IOException e) {
      throw new FileFailed("reading '" + file + "'", e.toString(), e);
    }
  }
}
