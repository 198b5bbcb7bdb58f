// SPDX-License-Identifier: Apache-2.0
/**
 * The only place that speaks D-Bus on the wire: calls out, signals in, a connection that comes back
 * by itself; must not know any service behind the bus.
 */
@NullMarked
package io.meshx.agent.bus;

import org.jspecify.annotations.NullMarked;
