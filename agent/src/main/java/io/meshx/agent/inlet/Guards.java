// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet;

import io.meshx.agent.model.HostException;

/** Says who decides what comes in from other hosts. */
public interface Guards {
  /**
   * Who guards the host now.
   *
   * @throws HostException if that cannot be read
   */
  Guard observe() throws HostException;
}
