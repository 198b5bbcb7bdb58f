// SPDX-License-Identifier: Apache-2.0
/**
 * The one idea: what is desired, what was observed, and the pure plan that is their difference;
 * must not know how anything is observed or applied.
 */
@NullMarked
package io.meshx.agent.plan;

import org.jspecify.annotations.NullMarked;
