// SPDX-License-Identifier: Apache-2.0
/**
 * The benchmarks that {@code make bench} runs: they measure and assert nothing; they must not know
 * the agent's code.
 */
@NullMarked
package io.meshx.it.bench;

import org.jspecify.annotations.NullMarked;
