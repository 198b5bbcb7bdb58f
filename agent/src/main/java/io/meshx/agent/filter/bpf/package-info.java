// SPDX-License-Identifier: Apache-2.0
/** Loads programs with bpf(2) and keeps them in the bpf file system; must not know what they do. */
@NullMarked
package io.meshx.agent.filter.bpf;

import org.jspecify.annotations.NullMarked;
