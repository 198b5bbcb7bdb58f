// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects problems while files are read, and gives them in the order of files and lines. */
final class Findings {
  private record Finding(Place place, Problem problem) {}

  private final List<Finding> findings = new ArrayList<>();

  /**
   * Notes a problem.
   *
   * @param key the dotted key, or "" for the file itself
   * @param what what is wrong; what is allowed
   */
  void add(Place place, String key, String what) {
    findings.add(new Finding(place, new Problem(place.toString(), key, what)));
  }

  /** Notes a problem with a value. */
  void add(Node node, String what) {
    add(node.place(), node.key(), what);
  }

  /** How many there are so far. */
  int count() {
    return findings.size();
  }

  /** All of them, by file and line; those of one line in the order in which they were noted. */
  List<Problem> inOrder() {
    return findings.stream()
        .sorted(Comparator.comparing(Finding::place))
        .map(Finding::problem)
        .toList();
  }
}
