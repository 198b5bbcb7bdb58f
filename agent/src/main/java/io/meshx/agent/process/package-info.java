// SPDX-License-Identifier: Apache-2.0
/**
 * The workload's own process as a unit: the contract of WORKLOAD_NAME, WORKLOAD_NAMESPACE and
 * NODE_NAME; must not know the proxy.
 */
@NullMarked
package io.meshx.agent.process;

import org.jspecify.annotations.NullMarked;
