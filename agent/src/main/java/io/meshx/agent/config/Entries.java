// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The typed values of a table of keys, each with the place where it is written. */
final class Entries {
  private static final Pattern WORD = Pattern.compile("<([a-z_.]+)>");

  private final Map<String, Key<?>> keys = new LinkedHashMap<>();
  private final Place home;
  private final String prefix;
  private final Map<String, Node> nodes = new HashMap<>();
  private final Map<String, Object> values = new HashMap<>();

  private Entries(List<Key<?>> keys, Node first) {
    keys.forEach(key -> this.keys.put(key.name(), key));
    this.home = first.place();
    this.prefix = first.key().isEmpty() ? "" : first.key() + ".";
  }

  /**
   * Reads tables; a key in a later one replaces that key of an earlier one.
   *
   * @param keys every key that is known
   * @param tables at least one
   */
  static Entries read(List<Key<?>> keys, List<Node> tables, Findings findings) {
    Entries entries = new Entries(keys, tables.getFirst());
    tables.forEach(table -> entries.walk("", table, findings));
    return entries;
  }

  private void walk(String path, Node table, Findings findings) {
    table
        .members()
        .forEach((name, member) -> {
          String full = path.isEmpty() ? name : path + "." + name;
          Key<?> key = keys.get(full);
          if (key != null) {
            keep(key, member, findings);
          } else if (keys.keySet().stream().noneMatch(known -> known.startsWith(full + "."))) {
            findings.add(member, unknown(full, member));
          } else if (member.value() instanceof Node.Value.Table) {
            walk(full, member, findings);
          } else {
            findings.add(member, "is " + member.kind() + "; allowed: a table [" + full + "]");
          }
        });
  }

  private <T> void keep(Key<T> key, Node node, Findings findings) {
    nodes.put(key.name(), node);
    values.remove(key.name());
    key.form().read(node, findings).ifPresent(value -> values.put(key.name(), value));
  }

  private String unknown(String full, Node member) {
    String what = member.value() instanceof Node.Value.Table ? "unknown table" : "unknown key";
    return what
        + Names.nearest(full, names())
            .or(() -> keys.keySet().stream().filter(key -> Names.sameLeaf(key, full)).findFirst())
            .map(Names::question)
            .orElseGet(() -> "; allowed: " + siblings(full));
  }

  /** The names of all keys and tables. */
  private List<String> names() {
    return Stream.concat(keys.keySet().stream(), keys.keySet().stream().map(Names::first))
        .distinct()
        .toList();
  }

  /** What could stand in the place of an unknown key. */
  private String siblings(String full) {
    String table = full.substring(0, full.lastIndexOf('.') + 1);
    return keys.keySet().stream()
        .filter(key -> key.startsWith(table))
        .map(key -> {
          int dot = key.indexOf('.', table.length());
          return dot > 0 ? "[" + key.substring(0, dot) + "]" : key;
        })
        .distinct()
        .collect(Collectors.joining(", "));
  }

  /**
   * Fills in what was left out.
   *
   * @param words the value of each word that a default may contain; empty if it is wrong, and then
   *     the default is left out silently, because the wrong value is a finding already
   */
  void complete(Function<String, Optional<String>> words, Findings findings) {
    for (Key<?> key : keys.values()) {
      boolean written = nodes.containsKey(key.name());
      switch (meaning(key)) {
        case HAS -> {
          if (!written) {
            fill(key, words, findings);
          }
        }
        case HAS_NONE -> {
          if (written) {
            findings.add(place(key), prefix + key.name(), meaningless(key.when().orElseThrow()));
          }
        }
        case UNKNOWN -> {}
      }
    }
  }

  /** Whether a key matters as others are set. */
  private enum Meaning {
    HAS,
    HAS_NONE,
    /** What it depends on is wrong, and that is a finding already. */
    UNKNOWN
  }

  private Meaning meaning(Key<?> key) {
    if (key.when().isEmpty()) {
      return Meaning.HAS;
    }
    Key.Condition when = key.when().get();
    Meaning outer = meaning(when.key());
    if (outer != Meaning.HAS) {
      return outer;
    }
    Optional<String> value = value(when.key());
    if (value.isEmpty()) {
      return Meaning.UNKNOWN;
    }
    return value.get().equals(when.value()) ? Meaning.HAS : Meaning.HAS_NONE;
  }

  private String meaningless(Key.Condition when) {
    Key.Condition outermost = when;
    while (meaning(outermost.key()) == Meaning.HAS_NONE) {
      outermost = outermost.key().when().orElseThrow();
    }
    return "belongs to "
        + outermost.key().name()
        + " \""
        + outermost.value()
        + "\", and it is \""
        + value(outermost.key()).orElseThrow()
        + "\"; remove it or change "
        + outermost.key().name();
  }

  private <T> void fill(Key<T> key, Function<String, Optional<String>> words, Findings findings) {
    String name = prefix + key.name();
    Optional<Node> node =
        switch (key.standard()) {
          case Key.Standard.Required required -> {
            if (!nodes.containsKey(required.unless())) {
              findings.add(home, name, Problem.MISSING + "; allowed: " + key.form().allowed());
            }
            yield Optional.empty();
          }
          case Key.Standard.None _ -> Optional.empty();
          case Key.Standard.Text text ->
              filled(text.template(), words).map(filled -> Node.text(name, home, filled));
          case Key.Standard.Texts texts -> Optional.of(Node.texts(name, home, texts.texts()));
          case Key.Standard.Wholes wholes ->
              Optional.of(
                  new Node(
                      name,
                      home,
                      new Node.Value.Array(
                          wholes.numbers().stream()
                              .map(number -> Node.whole(name, home, number))
                              .toList())));
          case Key.Standard.Whole whole -> Optional.of(Node.whole(name, home, whole.number()));
        };
    Findings own = new Findings();
    node.flatMap(found -> key.form().read(found, own))
        .ifPresent(value -> values.put(key.name(), value));
    own.inOrder()
        .forEach(problem ->
            findings.add(home, name, "is left out, and its default is refused: " + problem.what()));
  }

  private static Optional<String> filled(
      String template, Function<String, Optional<String>> words) {
    Matcher matcher = WORD.matcher(template);
    StringBuilder text = new StringBuilder();
    while (matcher.find()) {
      Optional<String> word = words.apply(matcher.group(1));
      if (word.isEmpty()) {
        return Optional.empty();
      }
      matcher.appendReplacement(text, Matcher.quoteReplacement(word.get()));
    }
    return Optional.of(matcher.appendTail(text).toString());
  }

  /** The value of a key, given or by default; empty if there is none or it is wrong. */
  <T> Optional<T> value(Key<T> key) {
    // Only keep and fill put values, each what the form of the key of that name made: a T.
    @SuppressWarnings("unchecked")
    Optional<T> value = (Optional<T>) Optional.ofNullable(values.get(key.name()));
    return value;
  }

  /**
   * The value of a key that has one whenever nothing is wrong.
   *
   * @throws IllegalStateException if there is none: the caller did not look at the findings
   */
  <T> T sure(Key<T> key) {
    return value(key).orElseThrow(() -> new IllegalStateException("no value for " + key.name()));
  }

  /** The text of a key's value, for defaults that depend on it. */
  Optional<String> word(String name) {
    return Optional.ofNullable(values.get(name)).map(Object::toString);
  }

  /** What is written for a key; empty if it was left out. */
  Optional<Node> written(Key<?> key) {
    return Optional.ofNullable(nodes.get(key.name()));
  }

  /** Where a key is written, or the file in which it was left out. */
  Place place(Key<?> key) {
    return written(key).map(Node::place).orElse(home);
  }

  /** What is written, by key, for those that a test holds for; the layout of the files is gone. */
  SortedMap<String, String> canonical(Predicate<String> chosen) {
    SortedMap<String, String> written = new TreeMap<>();
    nodes.forEach((name, node) -> {
      if (chosen.test(name)) {
        written.put(name, node.canonical());
      }
    });
    return Collections.unmodifiableSortedMap(written);
  }
}
