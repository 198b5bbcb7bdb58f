// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import java.util.Optional;
import java.util.function.Consumer;

/** Says when the host's packet filter was changed, by whomever; also by us. */
public interface RuleWatch extends AutoCloseable {
  /**
   * Begins to watch; called once.
   *
   * @param listener gets a call for each change, from any thread, with who made it; without one
   *     when changes may have been missed
   */
  void onChange(Consumer<Optional<Disturber>> listener);

  @Override
  void close();
}
