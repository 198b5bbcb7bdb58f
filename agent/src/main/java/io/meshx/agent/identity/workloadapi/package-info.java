// SPDX-License-Identifier: Apache-2.0
/**
 * Watches SVIDs over the SPIFFE Workload API and SPIRE's Delegated Identity API on Unix sockets;
 * must drop every private key it receives at once.
 */
@NullMarked
package io.meshx.agent.identity.workloadapi;

import org.jspecify.annotations.NullMarked;
