// SPDX-License-Identifier: Apache-2.0
/** In whose hands a file is; must not know what the file is for. */
@NullMarked
package io.meshx.agent.trust;

import org.jspecify.annotations.NullMarked;
