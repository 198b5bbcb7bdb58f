// SPDX-License-Identifier: Apache-2.0
/** Seeded violations of the architecture rules; must not be used by anything. */
@NullMarked
package seeded;

import org.jspecify.annotations.NullMarked;
