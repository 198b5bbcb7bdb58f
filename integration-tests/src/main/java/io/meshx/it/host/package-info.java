// SPDX-License-Identifier: Apache-2.0
/** A Linux host as a test sees it; it must not know how the host is made. */
@NullMarked
package io.meshx.it.host;

import org.jspecify.annotations.NullMarked;
