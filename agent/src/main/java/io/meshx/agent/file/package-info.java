// SPDX-License-Identifier: Apache-2.0
/** Files of ours as values, and the port to write them; must not open a file. */
@NullMarked
package io.meshx.agent.file;

import org.jspecify.annotations.NullMarked;
