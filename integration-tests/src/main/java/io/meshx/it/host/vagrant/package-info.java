// SPDX-License-Identifier: Apache-2.0
/**
 * Hosts that are whole machines which Vagrant keeps; it must not know which provider runs them, nor
 * what is tested on them.
 */
@NullMarked
package io.meshx.it.host.vagrant;

import org.jspecify.annotations.NullMarked;
