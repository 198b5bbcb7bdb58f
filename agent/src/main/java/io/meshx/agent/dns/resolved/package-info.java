// SPDX-License-Identifier: Apache-2.0
/**
 * Gives systemd-resolved a link of ours for the cluster's domain; must not touch the servers of any
 * other link.
 */
@NullMarked
package io.meshx.agent.dns.resolved;

import org.jspecify.annotations.NullMarked;
