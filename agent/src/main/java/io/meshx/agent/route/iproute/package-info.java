// SPDX-License-Identifier: Apache-2.0
/** Adds, removes and reads routes with the host's ip tool; must not know why a route is wanted. */
@NullMarked
package io.meshx.agent.route.iproute;

import org.jspecify.annotations.NullMarked;
