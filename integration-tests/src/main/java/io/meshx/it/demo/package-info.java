// SPDX-License-Identifier: Apache-2.0
/** The demonstration that {@code make demo} runs; it must not know the agent's code. */
@NullMarked
package io.meshx.it.demo;

import org.jspecify.annotations.NullMarked;
