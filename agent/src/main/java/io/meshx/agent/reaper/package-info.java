// SPDX-License-Identifier: Apache-2.0
/**
 * Says of workloads whose host has died that they are not ready; must not know how a cluster is
 * asked, or what a host does.
 */
@NullMarked
package io.meshx.agent.reaper;

import org.jspecify.annotations.NullMarked;
