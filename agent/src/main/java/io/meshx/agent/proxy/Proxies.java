// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

/** Looks at proxies. */
public interface Proxies {
  /**
   * Looks at one proxy. Whatever goes wrong is part of the answer.
   *
   * @param endpoint where it is
   */
  ProxyHealth look(ProxyEndpoint endpoint);
}
