// SPDX-License-Identifier: Apache-2.0
/**
 * Network namespaces and the names of a lab's things in the kernel; it must not know what runs
 * inside them.
 */
@NullMarked
package io.meshx.it.net;

import org.jspecify.annotations.NullMarked;
