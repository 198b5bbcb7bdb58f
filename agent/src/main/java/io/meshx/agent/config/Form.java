// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.Optional;

/**
 * What a key's value looks like, and how it becomes a typed one.
 *
 * @param <T> the typed value
 */
interface Form<T> {
  /** What is allowed, in words that complete "allowed: …". */
  String allowed();

  /** The typed value; empty if it is wrong, and then each thing that is wrong is a finding. */
  Optional<T> read(Node node, Findings findings);

  /** Notes that the value is of the wrong kind. */
  default Optional<T> refuse(Node node, Findings findings) {
    findings.add(node, "is " + node.kind() + "; allowed: " + allowed());
    return Optional.empty();
  }
}
