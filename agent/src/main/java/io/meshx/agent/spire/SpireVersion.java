// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of SPIRE, as its programs print it. */
public record SpireVersion(int major, int minor, int patch) implements Comparable<SpireVersion> {
  /** The first that takes a join token from a file. */
  public static final SpireVersion OLDEST = new SpireVersion(1, 13, 3);

  /** The first with the attestor azure_imds. */
  public static final SpireVersion AZURE_IMDS = new SpireVersion(1, 14, 0);

  /** The first that can do without the API of Envoy, which nobody here uses. */
  static final SpireVersion WITHOUT_SDS = new SpireVersion(1, 15, 3);

  private static final Pattern FORM = Pattern.compile("v?(\\d{1,4})\\.(\\d{1,4})\\.(\\d{1,4}).*");

  /** Reads what {@code --version} prints, such as {@code 1.15.3-dev-unk}. */
  public static Optional<SpireVersion> parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    return matcher.matches()
        ? Optional.of(
            new SpireVersion(
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                Integer.parseInt(matcher.group(3))))
        : Optional.empty();
  }

  /** Whether it is that one or a later one. */
  public boolean since(SpireVersion other) {
    return compareTo(other) >= 0;
  }

  @Override
  public int compareTo(SpireVersion other) {
    return Comparator.comparingInt(SpireVersion::major)
        .thenComparingInt(SpireVersion::minor)
        .thenComparingInt(SpireVersion::patch)
        .compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
