// SPDX-License-Identifier: Apache-2.0
/**
 * The cluster's side: DNS, certificates, SPIRE server, control plane; it must not know how hosts
 * are made.
 */
@NullMarked
package io.meshx.it.cluster;

import org.jspecify.annotations.NullMarked;
