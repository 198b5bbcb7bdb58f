// SPDX-License-Identifier: Apache-2.0
/**
 * Runs and tracks processes on this machine, the only package that starts one; it must not know
 * what they are for.
 */
@NullMarked
package io.meshx.it.exec;

import org.jspecify.annotations.NullMarked;
