// SPDX-License-Identifier: Apache-2.0
/**
 * Builds the packages again, elsewhere or as another version; it must not know of a running lab.
 */
@NullMarked
package io.meshx.it.packages;

import org.jspecify.annotations.NullMarked;
