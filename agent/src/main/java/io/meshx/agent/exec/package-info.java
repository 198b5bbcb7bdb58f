// SPDX-License-Identifier: Apache-2.0
/**
 * The only place that starts a process: argument list in, result out; must not know what the
 * command is for.
 */
@NullMarked
package io.meshx.agent.exec;

import org.jspecify.annotations.NullMarked;
