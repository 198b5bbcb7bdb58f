// SPDX-License-Identifier: Apache-2.0
/**
 * Applies, reads and watches our own nftables table with nft(8); must not know which workload wants
 * a rule.
 */
@NullMarked
package io.meshx.agent.firewall.nftables;

import org.jspecify.annotations.NullMarked;
