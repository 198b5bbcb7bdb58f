// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A value as it is written, with its key and place.
 *
 * @param key the dotted key, with {@code [n]} for elements of arrays, as people see it
 * @param place where it is written
 * @param value the value
 */
record Node(String key, Place place, Value value) {
  /** A TOML value. */
  sealed interface Value {
    /** A string. */
    record Text(String text) implements Value {}

    /** An integer. */
    record Whole(long number) implements Value {}

    /** Booleans, fractions, dates and times, which no key of ours takes. */
    record Other(String kind, String text) implements Value {}

    /** An array. */
    record Array(List<Node> elements) implements Value {}

    /** A table; its members by their own name. */
    record Table(Map<String, Node> members) implements Value {}
  }

  /** A string at the same place. */
  static Node text(String key, Place place, String text) {
    return new Node(key, place, new Value.Text(text));
  }

  /** An integer at the same place. */
  static Node whole(String key, Place place, long number) {
    return new Node(key, place, new Value.Whole(number));
  }

  /** An array of strings, all at one place. */
  static Node texts(String key, Place place, List<String> texts) {
    List<Node> elements = new ArrayList<>();
    for (String text : texts) {
      elements.add(text(key + "[" + elements.size() + "]", place, text));
    }
    return new Node(key, place, new Value.Array(List.copyOf(elements)));
  }

  /** What kind of value it is, with its article. */
  String kind() {
    return switch (value) {
      case Value.Text text -> text.text().isEmpty() ? "an empty string" : "a string";
      case Value.Whole _ -> "an integer";
      case Value.Other other -> other.kind();
      case Value.Array array -> array.elements().isEmpty() ? "an empty array" : "an array";
      case Value.Table _ -> "a table";
    };
  }

  /** The members of a table; none if it is something else. */
  Map<String, Node> members() {
    return value instanceof Value.Table table ? table.members() : Map.of();
  }

  /** The elements of an array; none if it is something else. */
  List<Node> elements() {
    return value instanceof Value.Array array ? array.elements() : List.of();
  }

  /**
   * One text for each value, whatever its layout. Part of the digests by which running units are
   * recognised: a change of this form restarts the workloads of every host at its upgrade.
   */
  String canonical() {
    return switch (value) {
      case Value.Text text -> quoted(text.text());
      case Value.Whole whole -> Long.toString(whole.number());
      case Value.Other other -> other.text();
      case Value.Array array ->
          array.elements().stream().map(Node::canonical).collect(Collectors.joining(",", "[", "]"));
      case Value.Table table ->
          new TreeMap<>(table.members())
              .entrySet().stream()
                  .map(member -> quoted(member.getKey()) + "=" + member.getValue().canonical())
                  .collect(Collectors.joining(",", "{", "}"));
    };
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /** A table from its members. */
  static Node table(String key, Place place, Map<String, Node> members) {
    return new Node(key, place, new Value.Table(Collections.unmodifiableMap(members)));
  }
}
