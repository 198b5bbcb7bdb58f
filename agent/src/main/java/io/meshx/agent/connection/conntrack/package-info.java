// SPDX-License-Identifier: Apache-2.0
/** Connections by way of ss(8) and conntrack(8); must not know what is redirected. */
@NullMarked
package io.meshx.agent.connection.conntrack;

import org.jspecify.annotations.NullMarked;
