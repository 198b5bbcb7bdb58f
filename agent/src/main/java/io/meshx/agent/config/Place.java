// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.nio.file.Path;
import java.util.Comparator;

/**
 * Where something is written.
 *
 * @param order the file's number in reading order; later files override earlier ones
 * @param file the file
 * @param line line number from 1, or 0 for the file as a whole
 */
record Place(int order, Path file, int line) implements Comparable<Place> {
  private static final Comparator<Place> ORDER =
      Comparator.comparingInt(Place::order).thenComparingInt(Place::line);

  /** A line of the same file. */
  Place at(int otherLine) {
    return new Place(order, file, otherLine);
  }

  /** The same file without a line. */
  Place whole() {
    return at(0);
  }

  @Override
  public int compareTo(Place other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return line == 0 ? file.toString() : file + ":" + line;
  }
}
