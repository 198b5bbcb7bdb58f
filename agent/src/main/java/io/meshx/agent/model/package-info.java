// SPDX-License-Identifier: Apache-2.0
/**
 * Values that cannot be wrong once they exist: ports, unit names, SPIFFE IDs, addresses; must not
 * know any host, file or protocol.
 */
@NullMarked
package io.meshx.agent.model;

import org.jspecify.annotations.NullMarked;
