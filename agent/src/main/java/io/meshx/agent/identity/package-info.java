// SPDX-License-Identifier: Apache-2.0
/**
 * SVIDs as the planner sees them, and the port that watches them; must not keep or know a private
 * key.
 */
@NullMarked
package io.meshx.agent.identity;

import org.jspecify.annotations.NullMarked;
