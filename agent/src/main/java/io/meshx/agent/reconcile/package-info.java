// SPDX-License-Identifier: Apache-2.0
/**
 * The loop that observes, plans, applies and reports, on one thread that never waits; calls the
 * ports and must not know any adapter.
 */
@NullMarked
package io.meshx.agent.reconcile;

import org.jspecify.annotations.NullMarked;
