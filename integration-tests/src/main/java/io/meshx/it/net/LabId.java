// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.net;

import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The short name of one lab, by which everything that it makes in the kernel and in the file system
 * is found.
 *
 * @param text {@code mx} and four characters of a to z and 0 to 9
 */
public record LabId(String text) {
  private static final Pattern TEXT = Pattern.compile("mx[0-9a-z]{4}");
  private static final Pattern NAME = Pattern.compile("(mx[0-9a-z]{4})-[a-z0-9-]+");

  public LabId {
    if (!TEXT.matcher(text).matches()) {
      throw new IllegalArgumentException("not the name of a lab: '" + text + "'");
    }
  }

  /** A new one, by chance. */
  public static LabId random() {
    int chosen = ThreadLocalRandom.current().nextInt(36 * 36 * 36 * 36);
    String digits = Integer.toString(chosen, 36);
    return new LabId("mx" + "0".repeat(4 - digits.length()) + digits);
  }

  /** The lab that a thing belongs to, by the thing's name; empty when it is none of any lab. */
  public static Optional<LabId> owning(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches() ? Optional.of(new LabId(matcher.group(1))) : Optional.empty();
  }

  /** The name of a thing of this lab. */
  public String name(String of) {
    return text + "-" + of;
  }

  @Override
  public String toString() {
    return text;
  }
}
