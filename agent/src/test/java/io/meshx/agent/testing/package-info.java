// SPDX-License-Identifier: Apache-2.0
/** Fakes that stand for a host in tests; each runs the contract tests of its port. */
@NullMarked
package io.meshx.agent.testing;

import org.jspecify.annotations.NullMarked;
