// SPDX-License-Identifier: Apache-2.0
/**
 * TCP connections of the host's processes that the rules came too late for, and the port to forget
 * them; must not know which processes are workloads.
 */
@NullMarked
package io.meshx.agent.connection;

import org.jspecify.annotations.NullMarked;
