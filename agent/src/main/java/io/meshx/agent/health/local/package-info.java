// SPDX-License-Identifier: Apache-2.0
/**
 * Probes made from this host: connections over loopback, and programs in units of their own. They
 * must not know what follows from what they say.
 */
@NullMarked
package io.meshx.agent.health.local;

import org.jspecify.annotations.NullMarked;
