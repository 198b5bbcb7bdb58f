// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.mesh;

import com.google.gson.annotations.SerializedName;

/**
 * What a workload says about itself and its caller.
 *
 * @param node the host that it believes to be on
 * @param clientId SPIFFE ID of the caller as the workload's own proxy proved it; empty for none
 */
public record Answer(
    String workload,
    String namespace,
    String node,
    int uid,
    int pid,
    @SerializedName("client_id") String clientId) {}
