// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.registry.NodeNetwork;
import java.util.ArrayList;
import java.util.List;

/** What of a Node is of use here (kubernetes.io, Node v1); the rest of it is large. */
final class NodeJson {
  private NodeJson() {}

  /** Where all are. */
  static String path() {
    return "/api/v1/nodes";
  }

  /** The networks and addresses of one; what cannot be read of it is not there. */
  static NodeNetwork read(JsonObject node) {
    List<Cidr> pods = new ArrayList<>();
    if (ExternalWorkloadJson.child(node, "spec").get("podCIDRs") instanceof JsonArray array) {
      for (JsonElement each : array) {
        if (each.isJsonPrimitive()) {
          cidr(each.getAsString(), pods);
        }
      }
    }
    List<IpAddress> addresses = new ArrayList<>();
    for (JsonObject each :
        ExternalWorkloadJson.objects(ExternalWorkloadJson.child(node, "status"), "addresses")) {
      if (ExternalWorkloadJson.text(each, "type").equals("InternalIP")) {
        address(ExternalWorkloadJson.text(each, "address"), addresses);
      }
    }
    return new NodeNetwork(pods, addresses);
  }

  private static void cidr(String text, List<Cidr> to) {
    try {
      to.add(Cidr.parse(text));
    } catch (IllegalArgumentException e) {
      // The API server lets only networks by; what it may let by one day needs no route of ours.
      return;
    }
  }

  private static void address(String text, List<IpAddress> to) {
    try {
      to.add(IpAddress.parse(text));
    } catch (IllegalArgumentException e) {
      // A provider may write a name there; it is no next hop.
      return;
    }
  }
}
