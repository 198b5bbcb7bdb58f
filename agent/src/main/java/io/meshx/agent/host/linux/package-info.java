// SPDX-License-Identifier: Apache-2.0
/** Reads facts from a Linux host; must not change anything. */
@NullMarked
package io.meshx.agent.host.linux;

import org.jspecify.annotations.NullMarked;
