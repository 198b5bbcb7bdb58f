// SPDX-License-Identifier: Apache-2.0
/**
 * Rules on trial: what is remembered until somebody confirms them, and the unit that takes them
 * back otherwise; must not know when a trial begins.
 */
@NullMarked
package io.meshx.agent.trial;

import org.jspecify.annotations.NullMarked;
