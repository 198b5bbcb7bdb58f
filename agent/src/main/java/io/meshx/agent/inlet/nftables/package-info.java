// SPDX-License-Identifier: Apache-2.0
/** Input chains that an administrator keeps in nftables; must not know which ports are ours. */
@NullMarked
package io.meshx.agent.inlet.nftables;

import org.jspecify.annotations.NullMarked;
