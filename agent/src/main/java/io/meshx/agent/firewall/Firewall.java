// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

/** The host's packet filter, as far as rules of ours are concerned: all of its backends. */
public interface Firewall extends Rules<HostRules> {}
