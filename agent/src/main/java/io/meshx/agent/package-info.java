// SPDX-License-Identifier: Apache-2.0
/**
 * The program: {@code Main} turns arguments into an exit status and {@code Wiring} constructs the
 * adapters; nothing here decides anything about a host.
 */
@NullMarked
package io.meshx.agent;

import org.jspecify.annotations.NullMarked;
