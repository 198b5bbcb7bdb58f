// SPDX-License-Identifier: Apache-2.0
/**
 * SVIDs that lie ready as files for the workloads they belong to; must not know who issues them or
 * who is told of new ones.
 */
@NullMarked
package io.meshx.agent.delivery;

import org.jspecify.annotations.NullMarked;
