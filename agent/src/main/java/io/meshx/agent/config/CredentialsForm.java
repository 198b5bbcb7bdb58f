// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** A table of credentials: names, and the files that they are read from. */
final class CredentialsForm implements Form<SortedMap<String, Path>> {
  /** systemd allows more, but writes such names with quotes. */
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}");

  private static final Form<Path> FILE = Forms.absolutePath();

  @Override
  public String allowed() {
    return "a table of name = \"/path/of/the/file\"";
  }

  @Override
  public Optional<SortedMap<String, Path>> read(Node node, Findings findings) {
    if (!(node.value() instanceof Node.Value.Table)) {
      return refuse(node, findings);
    }
    int before = findings.count();
    SortedMap<String, Path> credentials = new TreeMap<>();
    node.members()
        .forEach((name, member) -> {
          if (NAME.matcher(name).matches()) {
            FILE.read(member, findings).ifPresent(file -> credentials.put(name, file));
          } else {
            findings.add(
                member,
                "'"
                    + name
                    + "' is no name of a credential; allowed: at most 100 letters, digits, dots,"
                    + " underscores and dashes");
          }
        });
    return findings.count() == before
        ? Optional.of(Collections.unmodifiableSortedMap(credentials))
        : Optional.empty();
  }
}
