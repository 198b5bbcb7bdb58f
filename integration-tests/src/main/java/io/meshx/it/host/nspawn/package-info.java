// SPDX-License-Identifier: Apache-2.0
/**
 * Debian hosts as systemd-nspawn containers in network namespaces; it must not know the cluster or
 * what is installed.
 */
@NullMarked
package io.meshx.it.host.nspawn;

import org.jspecify.annotations.NullMarked;
