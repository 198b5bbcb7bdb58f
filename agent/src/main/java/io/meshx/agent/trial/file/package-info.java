// SPDX-License-Identifier: Apache-2.0
/** Remembers trials in files; must not know what is done about them. */
@NullMarked
package io.meshx.agent.trial.file;

import org.jspecify.annotations.NullMarked;
