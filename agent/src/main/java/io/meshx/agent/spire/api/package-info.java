// SPDX-License-Identifier: Apache-2.0
/**
 * Talks to the demo mode's SPIRE server and to the SPIRE agent over their sockets; must not know
 * which workloads exist or why.
 */
@NullMarked
package io.meshx.agent.spire.api;

import org.jspecify.annotations.NullMarked;
