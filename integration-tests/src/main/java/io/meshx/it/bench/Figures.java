// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.bench;

import com.google.gson.GsonBuilder;
import io.meshx.it.exec.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What a run of the benchmarks found, in the order in which it was found. */
final class Figures {
  private final Map<String, Object> json = new LinkedHashMap<>();
  private final Map<String, Double> goals = new LinkedHashMap<>();
  private final Map<String, Numbers> runs = new LinkedHashMap<>();
  private final StringBuilder table = new StringBuilder();

  /** Something to know about the whole run. */
  void about(String name, String value) {
    json.put(name, value);
  }

  /** A figure without a goal. */
  void add(String name, int digits, Numbers measured) {
    put(name, digits, measured, "");
  }

  /** A figure that is to be at most so much. */
  void add(String name, int digits, Numbers measured, double goal) {
    goals.put(name, goal);
    String verdict = measured.median() <= goal ? "holds" : "missed";
    put(name, digits, measured, String.format(Locale.ROOT, "at most %s: %s", goal, verdict));
  }

  private void put(String name, int digits, Numbers measured, String goal) {
    json.put(name, rounded(measured.median()));
    runs.put(name, measured);
    table.append(
        String.format(Locale.ROOT, "%-18s %-34s %s", name, measured.text(digits), goal)
            .stripTrailing());
    table.append('\n');
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }

  /** A line for each: name, median with range, goal. */
  String table() {
    return table.toString();
  }

  /** Writes all of them: each figure's median by its name, and every single run. */
  void write(Path file) {
    Map<String, Object> all = new LinkedHashMap<>(json);
    all.put("goals", goals);
    Map<String, Object> each = new LinkedHashMap<>();
    runs.forEach((name, numbers) ->
        each.put(name, numbers.values().stream().map(Figures::rounded).toList()));
    all.put("runs", each);
    try {
      Files.writeString(file, new GsonBuilder().setPrettyPrinting().create().toJson(all) + "\n");
    } catch (IOException e) {
      throw new LabException("writing '" + file + "'", e);
    }
  }
}
