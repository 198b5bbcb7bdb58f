// SPDX-License-Identifier: Apache-2.0
/**
 * The Linkerd proxy's environment and unit, and what true readiness means; must not open a
 * connection.
 */
@NullMarked
package io.meshx.agent.proxy;

import org.jspecify.annotations.NullMarked;
