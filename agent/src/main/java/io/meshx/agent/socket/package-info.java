// SPDX-License-Identifier: Apache-2.0
/**
 * gRPC channels over Unix sockets, all on one event loop; must not know what is asked over them.
 */
@NullMarked
package io.meshx.agent.socket;

import org.jspecify.annotations.NullMarked;
