// SPDX-License-Identifier: Apache-2.0
/**
 * Joining and leaving by one command: what of it is kept in the configuration, and what is told
 * while the agent joins; must not know how the host is observed or changed.
 */
@NullMarked
package io.meshx.agent.enrolment;

import org.jspecify.annotations.NullMarked;
