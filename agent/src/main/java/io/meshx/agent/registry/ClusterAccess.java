// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry;

import io.meshx.agent.model.WorkloadName;
import java.time.Duration;

/**
 * A cluster, and who tells it of workloads.
 *
 * @param api how it is reached
 * @param host this host: the owner of what is made
 * @param propagation how long peers get to hear that a workload is not ready
 */
public record ClusterAccess(ApiAccess api, WorkloadName host, Duration propagation) {}
