// SPDX-License-Identifier: Apache-2.0
/** Finds what is built once and kept between runs; it must not know of a running lab. */
@NullMarked
package io.meshx.it.cache;

import org.jspecify.annotations.NullMarked;
