// SPDX-License-Identifier: Apache-2.0
/** Cluster DNS on the host as a value, and the port to change it; must not know D-Bus. */
@NullMarked
package io.meshx.agent.dns;

import org.jspecify.annotations.NullMarked;
