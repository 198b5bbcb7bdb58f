// SPDX-License-Identifier: Apache-2.0
/**
 * Interception rules as values and as iptables-restore text, and the port to apply them; must not
 * run a command.
 */
@NullMarked
package io.meshx.agent.firewall;

import org.jspecify.annotations.NullMarked;
