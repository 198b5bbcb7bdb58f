// SPDX-License-Identifier: Apache-2.0
/** What ufw lets in, read from its files; must not change them. */
@NullMarked
package io.meshx.agent.inlet.ufw;

import org.jspecify.annotations.NullMarked;
