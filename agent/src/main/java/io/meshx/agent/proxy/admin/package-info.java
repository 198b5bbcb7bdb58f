// SPDX-License-Identifier: Apache-2.0
/** Looks at running proxies: metrics, listeners and journal; must not change anything. */
@NullMarked
package io.meshx.agent.proxy.admin;

import org.jspecify.annotations.NullMarked;
