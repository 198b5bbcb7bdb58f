// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.trust.Hands;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** What is wrong with who may read or change a file that the agent believes. */
final class Secrecy {
  private Secrecy() {}

  /**
   * What is wrong with a file that nobody but root may change.
   *
   * @param subject what the file is called in front of what is wrong; may be ""
   */
  static Optional<String> unchangeable(Path file, String subject) {
    try {
      return Hands.replaceable(file).map(who -> subject + who);
    } catch (IOException e) {
      return Optional.of(subject + "is on a path that cannot be looked at: " + e.getMessage());
    }
  }

  /** What is wrong with a file that has a key or a token. */
  static Optional<String> secret(Path file, String subject) {
    try {
      return Hands.readable(file)
          .map(who -> subject + "holds a secret and " + who)
          .or(() -> unchangeable(file, subject));
    } catch (IOException e) {
      return Optional.of(subject + "cannot be looked at: " + e.getMessage());
    }
  }
}
