// SPDX-License-Identifier: Apache-2.0
/**
 * The live probe that proves the redirect: a unit that connects to an address nobody has; must not
 * know the rules.
 */
@NullMarked
package io.meshx.agent.probe;

import org.jspecify.annotations.NullMarked;
