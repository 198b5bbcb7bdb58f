// SPDX-License-Identifier: Apache-2.0
/**
 * Writes, reads and removes files with owner and mode, atomically; must not know what is in them.
 */
@NullMarked
package io.meshx.agent.file.posix;

import org.jspecify.annotations.NullMarked;
