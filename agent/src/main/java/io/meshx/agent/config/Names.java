// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what somebody meant who mistyped a name. */
final class Names {
  private Names() {}

  /** The known name that is close enough to be meant. */
  static Optional<String> nearest(String name, Collection<String> known) {
    return known.stream()
        .filter(candidate -> distance(name, candidate) <= tolerance(name))
        .min(Comparator.comparingInt(candidate -> distance(name, candidate)));
  }

  /** The question whether that was meant. */
  static String question(String name) {
    return " (did you mean '" + name + "'?)";
  }

  private static int tolerance(String name) {
    return name.length() < 4 ? 1 : 2;
  }

  /** The part of a dotted key before its first dot. */
  static String first(String key) {
    int dot = key.indexOf('.');
    return dot < 0 ? key : key.substring(0, dot);
  }

  /** Whether two dotted keys are alike behind their last dots. */
  static boolean sameLeaf(String one, String other) {
    return leaf(one).equals(leaf(other));
  }

  private static String leaf(String key) {
    return key.substring(key.lastIndexOf('.') + 1);
  }

  /** How many characters must be added, dropped, changed or swapped with their neighbour. */
  static int distance(String from, String to) {
    int[][] cost = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int same = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
        cost[i][j] =
            Math.min(cost[i - 1][j - 1] + same, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[from.length()][to.length()];
  }
}
