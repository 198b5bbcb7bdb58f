// SPDX-License-Identifier: Apache-2.0
/** Openings in firewalld, over its D-Bus interface; must not know why a port is opened. */
@NullMarked
package io.meshx.agent.inlet.firewalld;

import org.jspecify.annotations.NullMarked;
