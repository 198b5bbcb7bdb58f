// SPDX-License-Identifier: Apache-2.0
/**
 * Transient systemd units as values, and the port to start, stop and watch them; must not know
 * D-Bus.
 */
@NullMarked
package io.meshx.agent.unit;

import org.jspecify.annotations.NullMarked;
