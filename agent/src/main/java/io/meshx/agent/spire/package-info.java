// SPDX-License-Identifier: Apache-2.0
/**
 * Configuration and units of the SPIRE agent and of the demo mode's SPIRE server, as text and
 * values; must not start anything or call any API.
 */
@NullMarked
package io.meshx.agent.spire;

import org.jspecify.annotations.NullMarked;
