// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet;

import io.meshx.agent.model.HostException;
import java.util.List;

/**
 * firewalld where it runs, and else whoever guards the host instead, whose rules we do not make.
 */
public final class BothFirewalls implements Inlets {
  private final Inlets firewalld;
  private final List<Guards> otherwise;

  /**
   * Of a firewall that we open and some that we only look at.
   *
   * @param otherwise asked in this order, until one says that it guards the host
   */
  public BothFirewalls(Inlets firewalld, List<Guards> otherwise) {
    this.firewalld = firewalld;
    this.otherwise = List.copyOf(otherwise);
  }

  @Override
  public Guard observe() throws HostException {
    Guard guard = firewalld.observe();
    for (Guards next : otherwise) {
      if (!(guard instanceof Guard.None)) {
        return guard;
      }
      guard = next.observe();
    }
    return guard;
  }

  @Override
  public void open(Opening opening) throws HostException {
    firewalld.open(opening);
  }

  @Override
  public void close(Opening opening) throws HostException {
    firewalld.close(opening);
  }

  @Override
  public void onChange(Runnable lookAgain) {
    firewalld.onChange(lookAgain);
  }
}
