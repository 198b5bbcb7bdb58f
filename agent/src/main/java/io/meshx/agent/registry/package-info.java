// SPDX-License-Identifier: Apache-2.0
/**
 * Workloads as the cluster knows them, as values, and the port to say so; must not know how a
 * cluster is reached.
 */
@NullMarked
package io.meshx.agent.registry;

import org.jspecify.annotations.NullMarked;
