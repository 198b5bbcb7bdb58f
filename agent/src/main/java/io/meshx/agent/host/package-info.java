// SPDX-License-Identifier: Apache-2.0
/**
 * Facts about the host that the agent takes as given: users, address families, programs; must not
 * know what they are used for.
 */
@NullMarked
package io.meshx.agent.host;

import org.jspecify.annotations.NullMarked;
