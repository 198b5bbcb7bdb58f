// SPDX-License-Identifier: Apache-2.0
/**
 * Talks to the demo mode's SPIRE server over its admin socket; must not know which workloads exist
 * or why.
 */
@NullMarked
package io.meshx.agent.spire.api;

import org.jspecify.annotations.NullMarked;
