// SPDX-License-Identifier: Apache-2.0
/** Hosts with meshx-agent on them, as a user has them; must not know the agent's code. */
@NullMarked
package io.meshx.it.mesh;

import org.jspecify.annotations.NullMarked;
