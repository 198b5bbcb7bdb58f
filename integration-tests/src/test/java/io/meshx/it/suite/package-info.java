// SPDX-License-Identifier: Apache-2.0
/** Suites on real hosts; they must not know how the agent is built, only what a user of it sees. */
@NullMarked
package io.meshx.it.suite;

import org.jspecify.annotations.NullMarked;
