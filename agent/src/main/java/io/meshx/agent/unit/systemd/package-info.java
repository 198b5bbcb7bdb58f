// SPDX-License-Identifier: Apache-2.0
/** Transient units over systemd's D-Bus interface; must not know why a unit is wanted. */
@NullMarked
package io.meshx.agent.unit.systemd;

import org.jspecify.annotations.NullMarked;
