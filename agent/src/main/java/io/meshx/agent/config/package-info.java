// SPDX-License-Identifier: Apache-2.0
/**
 * Reads the user's TOML files into typed records, or into every problem at once; must not know the
 * host beyond the files it is given.
 */
@NullMarked
package io.meshx.agent.config;

import org.jspecify.annotations.NullMarked;
