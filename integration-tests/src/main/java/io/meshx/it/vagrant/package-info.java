// SPDX-License-Identifier: Apache-2.0
/**
 * Runs the suites on whole machines: brings them up by Vagrant, gives them what they need, and runs
 * JUnit on one of them; it must not know what is tested.
 */
@NullMarked
package io.meshx.it.vagrant;

import org.jspecify.annotations.NullMarked;
