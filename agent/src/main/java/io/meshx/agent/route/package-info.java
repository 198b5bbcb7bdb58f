// SPDX-License-Identifier: Apache-2.0
/**
 * Routes to the cluster's networks as values, and the port to change them; must not run a command.
 */
@NullMarked
package io.meshx.agent.route;

import org.jspecify.annotations.NullMarked;
