// SPDX-License-Identifier: Apache-2.0
/** The verbs of the meshx command, one file each; must not decide anything about a host. */
@NullMarked
package io.meshx.agent.cli;

import org.jspecify.annotations.NullMarked;
