// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** Turns TOML text into nodes; the only class that knows the parser. */
final class TomlSource {
  private static final int MOST_SYNTAX_ERRORS = 20;
  private static final int LONG = 1 << 16;

  private TomlSource() {}

  /**
   * The file's root table; empty if the text is no TOML, and then each error is a finding. A file
   * with a syntax error gives no values at all: what the parser recovers may not be what was meant.
   */
  static Optional<Node> parse(String text, Place file, Findings findings) {
    try {
      List<TomlParseError> early = Toml.parse(head(text)).errors();
      if (early.size() > MOST_SYNTAX_ERRORS) {
        report(early, file, findings);
        return Optional.empty();
      }
      TomlParseResult result = Toml.parse(text);
      report(result.errors(), file, findings);
      return result.hasErrors() ? Optional.empty() : Optional.of(table("", file, result));
    } catch (StackOverflowError e) {
      findings.add(file, "", "is nested too deeply; no key of ours needs more than two levels");
      return Optional.empty();
    }
  }

  /**
   * The beginning of a long text, or nothing of a short one. The parser needs most of a minute for
   * a megabyte of noise (tomlj 2.2.0), so that is looked for first.
   */
  private static String head(String text) {
    return text.length() <= LONG ? "" : text.substring(0, text.lastIndexOf('\n', LONG) + 1);
  }

  private static void report(List<TomlParseError> errors, Place file, Findings findings) {
    for (TomlParseError error : errors.subList(0, Math.min(errors.size(), MOST_SYNTAX_ERRORS))) {
      findings.add(
          file.at(error.position().line()),
          "",
          "is no valid TOML at column "
              + error.position().column()
              + ": "
              + error.getMessage()
              + "; see https://toml.io/en/v1.0.0");
    }
    if (errors.size() > MOST_SYNTAX_ERRORS) {
      findings.add(
          file.at(errors.get(MOST_SYNTAX_ERRORS).position().line()),
          "",
          "and more syntax errors from here on; is this the right file?");
    }
  }

  private static Node table(String key, Place place, TomlTable table) {
    Map<String, Node> members = new LinkedHashMap<>();
    for (String name : table.keySet()) {
      String full = key.isEmpty() ? shown(name) : key + "." + shown(name);
      List<String> path = List.of(name);
      members.put(name, node(full, placeOf(place, table.inputPositionOf(path)), table.get(path)));
    }
    return Node.table(key, place, members);
  }

  private static Node array(String key, Place place, TomlArray array) {
    List<Node> elements = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      Place own = placeOf(place, array.inputPositionOf(i));
      elements.add(node(key + "[" + i + "]", own, array.get(i)));
    }
    return new Node(key, place, new Node.Value.Array(List.copyOf(elements)));
  }

  private static Node node(String key, Place place, @Nullable Object value) {
    return switch (value) {
      case String text -> Node.text(key, place, text);
      case Long number -> Node.whole(key, place, number);
      case TomlArray array -> array(key, place, array);
      case TomlTable table -> table(key, place, table);
      case Boolean truth -> other(key, place, "a boolean", truth);
      case Double fraction -> other(key, place, "a fraction", fraction);
      case null -> throw new IllegalStateException("the parser gave no value for '" + key + "'");
      case Object moment -> other(key, place, "a date or time", moment);
    };
  }

  private static Node other(String key, Place place, String kind, Object value) {
    return new Node(key, place, new Node.Value.Other(kind, value.toString()));
  }

  private static Place placeOf(Place near, @Nullable TomlPosition position) {
    return position == null ? near : near.at(position.line());
  }

  private static String shown(String name) {
    boolean bare = !name.isEmpty() && name.chars().allMatch(TomlSource::isBare);
    return bare ? name : '"' + name + '"';
  }

  private static boolean isBare(int c) {
    return c == '-'
        || c == '_'
        || (c >= '0' && c <= '9')
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z');
  }
}
