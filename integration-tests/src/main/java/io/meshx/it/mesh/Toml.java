// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.mesh;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A configuration file by its keys, so that a test changes one of them.
 *
 * @param values raw TOML values, with their quotes, by dotted key of at most two parts
 */
public record Toml(SortedMap<String, String> values) {
  public Toml {
    values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
  }

  /** A file without any key. */
  public static Toml empty() {
    return new Toml(new TreeMap<>());
  }

  /** The same with a key set, instead of what it was set to. */
  public Toml with(String key, String rawValue) {
    TreeMap<String, String> all = new TreeMap<>(values);
    all.put(key, rawValue);
    return new Toml(all);
  }

  /** The same with a key set to a text, which must need no escapes. */
  public Toml withText(String key, String text) {
    return with(key, "\"" + text + "\"");
  }

  /** The same without a key. */
  public Toml without(String key) {
    TreeMap<String, String> all = new TreeMap<>(values);
    all.remove(key);
    return new Toml(all);
  }

  /** What the file holds: keys without a table first, then table by table. */
  public String text() {
    StringBuilder text = new StringBuilder();
    values.forEach((key, value) -> {
      if (!key.contains(".")) {
        text.append(key).append(" = ").append(value).append('\n');
      }
    });
    String table = "";
    for (var each : values.entrySet()) {
      int dot = each.getKey().indexOf('.');
      if (dot < 0) {
        continue;
      }
      if (!each.getKey().substring(0, dot).equals(table)) {
        table = each.getKey().substring(0, dot);
        text.append("\n[").append(table).append("]\n");
      }
      text.append(each.getKey().substring(dot + 1)).append(" = ").append(each.getValue());
      text.append('\n');
    }
    return text.toString();
  }
}
