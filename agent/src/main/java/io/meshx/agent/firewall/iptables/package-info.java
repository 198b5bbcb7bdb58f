// SPDX-License-Identifier: Apache-2.0
/**
 * Applies and reads rules with the host's iptables tools; must not know which workload wants a
 * rule.
 */
@NullMarked
package io.meshx.agent.firewall.iptables;

import org.jspecify.annotations.NullMarked;
