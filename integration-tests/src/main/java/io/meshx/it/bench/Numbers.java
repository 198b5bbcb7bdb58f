// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What was measured again and again.
 *
 * @param values in the order in which they were measured; at least one
 */
record Numbers(List<Double> values) {
  Numbers {
    values = List.copyOf(values);
    if (values.isEmpty()) {
      throw new IllegalArgumentException("nothing was measured");
    }
  }

  /** Some. */
  static Numbers of(double... values) {
    return new Numbers(Arrays.stream(values).boxed().toList());
  }

  /** The middle one; of two in the middle, what is between them. */
  double median() {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  /** The smallest one that so many percent of them do not exceed (nearest rank). */
  double percentile(int percent) {
    int rank = (int) Math.ceil(values.size() * percent / 100.0);
    return values.stream().sorted().toList().get(Math.max(rank, 1) - 1);
  }

  double min() {
    return values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
  }

  double max() {
    return values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
  }

  /** Each divided by its partner. */
  Numbers by(Numbers others) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      ratios.add(values.get(i) / others.values.get(i));
    }
    return new Numbers(ratios);
  }

  /** The median and the range, or the only one, with so many digits behind the point. */
  String text(int digits) {
    String one = "%." + digits + "f";
    if (values.size() == 1) {
      return String.format(Locale.ROOT, one, values.getFirst());
    }
    return String.format(
        Locale.ROOT, one + " (" + one + " to " + one + ")", median(), min(), max());
  }
}
