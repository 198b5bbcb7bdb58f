// SPDX-License-Identifier: Apache-2.0
/**
 * The lab of Linux hosts and a cluster that tests, demo and benchmarks run in; it must not know
 * what is installed on the hosts.
 */
@NullMarked
package io.meshx.it;

import org.jspecify.annotations.NullMarked;
