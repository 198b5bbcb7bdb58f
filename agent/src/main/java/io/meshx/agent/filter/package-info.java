// SPDX-License-Identifier: Apache-2.0
/**
 * What a workload's packets may do past its proxy, as a program for the kernel, and the port that
 * keeps it there; must not know how a program is loaded, nor which unit it is attached to.
 */
@NullMarked
package io.meshx.agent.filter;

import org.jspecify.annotations.NullMarked;
