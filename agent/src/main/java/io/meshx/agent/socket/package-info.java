// SPDX-License-Identifier: Apache-2.0
/**
 * Sockets of this host: gRPC channels over those of Unix, all on one event loop, and what listens
 * on TCP; must not know what is asked over them.
 */
@NullMarked
package io.meshx.agent.socket;

import org.jspecify.annotations.NullMarked;
