// SPDX-License-Identifier: Apache-2.0
/** Whether workloads serve, as probes find out; must not know how a probe is made. */
@NullMarked
package io.meshx.agent.health;

import org.jspecify.annotations.NullMarked;
