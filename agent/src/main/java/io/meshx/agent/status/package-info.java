// SPDX-License-Identifier: Apache-2.0
/**
 * The report of a pass for people and machines: snapshot, metrics, sd_notify and the control
 * socket; must not change the host.
 */
@NullMarked
package io.meshx.agent.status;

import org.jspecify.annotations.NullMarked;
