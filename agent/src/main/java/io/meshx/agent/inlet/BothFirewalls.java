// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet;

import io.meshx.agent.model.HostException;

/**
 * firewalld where it runs, and else whoever guards the host instead, whose rules we do not make.
 */
public final class BothFirewalls implements Inlets {
  private final Inlets firewalld;
  private final Guards otherwise;

  /** Of a firewall that we open and one that we only look at. */
  public BothFirewalls(Inlets firewalld, Guards otherwise) {
    this.firewalld = firewalld;
    this.otherwise = otherwise;
  }

  @Override
  public Guard observe() throws HostException {
    return switch (firewalld.observe()) {
      case Guard.None _ -> otherwise.observe();
      case Guard.Firewalld found -> found;
      case Guard.Ufw found -> found;
    };
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
