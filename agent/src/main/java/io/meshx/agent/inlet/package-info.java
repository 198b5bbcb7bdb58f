// SPDX-License-Identifier: Apache-2.0
/**
 * What somebody else's firewall on the host lets in, and our openings in it; must not know the
 * redirect rules, nor which firewall it is.
 */
@NullMarked
package io.meshx.agent.inlet;

import org.jspecify.annotations.NullMarked;
