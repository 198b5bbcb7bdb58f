// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The file of {@code conf.d} that {@code meshx join} keeps its options in: flat keys, each with its
 * value. Files of the administrator stay as they are; keys of this one are read after those of
 * {@code agent.toml}.
 */
public final class JoinFile {
  /** Its place in the configuration directory. */
  public static final Path PLACE = Path.of("conf.d", "join.toml");

  private static final Place HERE = new Place(0, PLACE, 0);
  private static final String HEAD =
      """
      # Written by 'meshx join', which replaces it; 'meshx leave' removes it.
      """;

  private final SortedMap<String, String> values;

  private JoinFile(SortedMap<String, String> values) {
    this.values = Collections.unmodifiableSortedMap(values);
  }

  /**
   * What an earlier join has kept; nothing if there was none.
   *
   * @param directory the configuration directory
   * @throws ConfigException if somebody has made something else of the file
   */
  public static JoinFile read(Path directory) throws ConfigException {
    Path file = directory.resolve(PLACE);
    SortedMap<String, String> values = new TreeMap<>();
    if (Files.exists(file)) {
      Findings findings = new Findings();
      Place place = new Place(0, file, 0);
      SourceText.read(file, place, "", findings)
          .flatMap(text -> TomlSource.parse(text, place, findings))
          .ifPresent(table -> flatten(table, values));
      if (findings.count() > 0) {
        throw new ConfigException(findings.inOrder());
      }
    }
    return new JoinFile(values);
  }

  private static void flatten(Node table, SortedMap<String, String> values) {
    for (Node member : table.members().values()) {
      if (member.value() instanceof Node.Value.Table) {
        flatten(member, values);
      } else {
        values.put(member.key(), literal(member));
      }
    }
  }

  /** The same with a string. */
  public JoinFile withText(String key, String text) {
    return with(key, literal(Node.text("", HERE, text)));
  }

  /** The same with an array of strings. */
  public JoinFile withTexts(String key, List<String> texts) {
    return with(key, literal(Node.texts("", HERE, texts)));
  }

  /**
   * The same with a value as a user writes it: TOML where it is that, and a string where it is not,
   * so that an address needs no quotes.
   */
  public JoinFile withWritten(String key, String written) {
    Optional<String> asToml =
        TomlSource.parse("k = " + written, HERE, new Findings())
            .filter(table -> table.members().size() == 1)
            .flatMap(table -> Optional.ofNullable(table.members().get("k")))
            .map(JoinFile::literal);
    return asToml.isPresent() ? with(key, asToml.get()) : withText(key, written);
  }

  /** On one line: line ends are only inside strings. */
  private static String literal(Node value) {
    return value.canonical().replace("\n", "\\n").replace("\r", "\\r");
  }

  private JoinFile with(String key, String value) {
    SortedMap<String, String> next = new TreeMap<>(values);
    next.put(key, value);
    return new JoinFile(next);
  }

  /** The same without some keys. */
  public JoinFile without(Predicate<String> keys) {
    SortedMap<String, String> next = new TreeMap<>(values);
    next.keySet().removeIf(keys);
    return new JoinFile(next);
  }

  /** The file's text. */
  public String text() {
    return HEAD
        + values.entrySet().stream()
            .map(value -> value.getKey() + " = " + value.getValue() + "\n")
            .collect(Collectors.joining());
  }
}
