// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A SPIFFE ID with a path.
 *
 * @param trustDomain the trust domain
 * @param path begins with a slash; no empty, "." or ".." segment, no trailing slash
 * @see <a href="https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/">SPIFFE ID, section 2</a>
 */
public record SpiffeId(TrustDomain trustDomain, String path) implements Comparable<SpiffeId> {
  private static final Pattern PATH = Pattern.compile("(/(?![.]{1,2}(/|\\z))[a-zA-Z0-9._-]+)+");
  private static final Pattern URI = Pattern.compile("spiffe://([^/]*)(/.*)");
  private static final String ALLOWED =
      "spiffe://TRUST_DOMAIN/PATH with segments of letters, digits, dots, dashes, underscores";

  /**
   * Checks the path.
   *
   * @throws IllegalArgumentException if the path is not one of a SPIFFE ID
   */
  public SpiffeId {
    Patterns.require(PATH, path, "SPIFFE ID path", ALLOWED);
  }

  /**
   * Reads the URI form.
   *
   * @throws IllegalArgumentException if it is not the URI of a SPIFFE ID with a path
   */
  public static SpiffeId parse(String uri) {
    Matcher matcher = URI.matcher(uri);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("'" + uri + "' is no SPIFFE ID; allowed: " + ALLOWED);
    }
    return new SpiffeId(new TrustDomain(matcher.group(1)), matcher.group(2));
  }

  @Override
  public int compareTo(SpiffeId other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return "spiffe://" + trustDomain + path;
  }
}
