// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.registry.ResourceState;
import io.meshx.agent.registry.ServedAt;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The resource as JSON (linkerd2 edge-26.8.3, charts/linkerd-crds, external-workload.yaml).
 *
 * <p>Only v1beta1: v1alpha1 has no status subresource, spells meshTLS otherwise, and nothing
 * converts between the two.
 */
final class ExternalWorkloadJson {
  /** Says which host's agent made a resource. */
  static final String OWNER = "meshx.io/host";

  private static final String VERSION = "workload.linkerd.io/v1beta1";
  private static final String READY = "Ready";
  private static final String TRANSITION = "lastTransitionTime";

  private ExternalWorkloadJson() {}

  /** Where the resources of a namespace are. */
  static String path(WorkloadName namespace) {
    return "/apis/" + VERSION + "/namespaces/" + namespace + "/externalworkloads";
  }

  /** Where those of a host are, in all namespaces. */
  static String everywhere(WorkloadName host) {
    return "/apis/"
        + VERSION
        + "/externalworkloads?labelSelector="
        + OWNER.replace("/", "%2F")
        + "%3D"
        + host;
  }

  /** Where one is. */
  static String path(ResourceName resource) {
    return path(resource.namespace()) + "/" + resource.name();
  }

  /** The body of an apply: all that is ours, and nothing else. */
  static JsonObject applied(ResourceName resource, WorkloadName owner, ExternalWorkload says) {
    JsonObject labels = strings(says.labels());
    labels.addProperty(OWNER, owner.text());
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", resource.name().text());
    metadata.addProperty("namespace", resource.namespace().text());
    metadata.add("labels", labels);
    metadata.add("annotations", strings(says.annotations()));
    JsonObject tls = new JsonObject();
    tls.addProperty("identity", says.identity().toString());
    tls.addProperty("serverName", says.serverName().text());
    JsonArray addresses = new JsonArray();
    for (IpAddress address : says.addresses()) {
      JsonObject each = new JsonObject();
      each.addProperty("ip", address.toString());
      addresses.add(each);
    }
    JsonArray ports = new JsonArray();
    for (ServedAt served : says.ports()) {
      JsonObject each = new JsonObject();
      each.addProperty("name", served.name());
      each.addProperty("port", served.port().number());
      each.addProperty("protocol", "TCP");
      ports.add(each);
    }
    JsonObject spec = new JsonObject();
    spec.add("meshTLS", tls);
    spec.add("workloadIPs", addresses);
    spec.add("ports", ports);
    JsonObject object = new JsonObject();
    object.addProperty("apiVersion", VERSION);
    object.addProperty("kind", "ExternalWorkload");
    object.add("metadata", metadata);
    object.add("spec", spec);
    return object;
  }

  /** The body of a merge patch that takes the addresses and ports away. */
  static JsonObject emptied() {
    JsonObject spec = new JsonObject();
    spec.add("workloadIPs", new JsonArray());
    spec.add("ports", new JsonArray());
    JsonObject patch = new JsonObject();
    patch.add("spec", spec);
    return patch;
  }

  private static JsonObject strings(SortedMap<String, String> from) {
    JsonObject object = new JsonObject();
    from.forEach(object::addProperty);
    return object;
  }

  /**
   * The body of a merge patch of the status.
   *
   * @param before the resource as it was seen last, whose other conditions stay
   */
  static JsonObject status(Readiness readiness, Optional<JsonObject> before, Instant now) {
    String time = now.truncatedTo(ChronoUnit.SECONDS).toString();
    JsonObject condition = new JsonObject();
    condition.addProperty("type", READY);
    condition.addProperty("status", readiness.ready() ? "True" : "False");
    condition.addProperty("reason", readiness.reason());
    condition.addProperty("message", readiness.message());
    condition.addProperty("lastProbeTime", time);
    condition.addProperty(TRANSITION, time);
    JsonArray conditions = new JsonArray();
    for (JsonObject other : before.map(ExternalWorkloadJson::conditions).orElse(List.of())) {
      if (!READY.equals(text(other, "type"))) {
        conditions.add(other);
      } else if (text(other, "status").equals(text(condition, "status"))
          && !text(other, TRANSITION).isEmpty()) {
        condition.addProperty(TRANSITION, text(other, TRANSITION));
      }
    }
    conditions.add(condition);
    JsonObject status = new JsonObject();
    status.add("conditions", conditions);
    JsonObject patch = new JsonObject();
    patch.add("status", status);
    return patch;
  }

  /** What a resource says; nobody may have heard of it yet. */
  static ResourceState.Present present(JsonObject object) {
    JsonObject labels = child(child(object, "metadata"), "labels");
    Optional<Readiness> readiness = Optional.empty();
    for (JsonObject condition : conditions(object)) {
      if (READY.equals(text(condition, "type"))) {
        readiness =
            Optional.of(
                new Readiness(
                    "True".equals(text(condition, "status")),
                    word(text(condition, "reason")),
                    text(condition, "message")));
      }
    }
    return new ResourceState.Present(says(object), owner(labels), readiness, false);
  }

  private static Optional<WorkloadName> owner(JsonObject labels) {
    try {
      return labels.has(OWNER)
          ? Optional.of(new WorkloadName(text(labels, OWNER)))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      // No host of ours has such a name.
      return Optional.empty();
    }
  }

  /** Others may write what is no word. */
  private static String word(String reason) {
    try {
      return new Readiness(false, reason, "").reason();
    } catch (IllegalArgumentException e) {
      return "Unknown";
    }
  }

  private static Optional<ExternalWorkload> says(JsonObject object) {
    JsonObject metadata = child(object, "metadata");
    JsonObject spec = child(object, "spec");
    JsonObject tls = child(spec, "meshTLS");
    try {
      List<IpAddress> addresses = new ArrayList<>();
      for (JsonObject each : objects(spec, "workloadIPs")) {
        addresses.add(IpAddress.parse(text(each, "ip")));
      }
      TreeSet<ServedAt> ports = new TreeSet<>();
      for (JsonObject each : objects(spec, "ports")) {
        ports.add(new ServedAt(text(each, "name"), new Port(each.get("port").getAsInt())));
      }
      return Optional.of(
          new ExternalWorkload(
              SpiffeId.parse(text(tls, "identity")),
              new DnsName(text(tls, "serverName")),
              addresses,
              ports,
              texts(child(metadata, "labels")),
              texts(child(metadata, "annotations"))));
    } catch (IllegalArgumentException | IllegalStateException | NullPointerException e) {
      // Somebody wrote by hand what no agent would; it differs from whatever is wanted.
      return Optional.empty();
    }
  }

  private static SortedMap<String, String> texts(JsonObject object) {
    TreeMap<String, String> texts = new TreeMap<>();
    object.keySet().forEach(key -> texts.put(key, text(object, key)));
    return texts;
  }

  /** The conditions of a resource. */
  private static List<JsonObject> conditions(JsonObject object) {
    return objects(child(object, "status"), "conditions");
  }

  static List<JsonObject> objects(JsonObject parent, String name) {
    List<JsonObject> objects = new ArrayList<>();
    if (parent.get(name) instanceof JsonArray array) {
      for (JsonElement each : array) {
        if (each instanceof JsonObject object) {
          objects.add(object);
        }
      }
    }
    return objects;
  }

  static JsonObject child(JsonObject parent, String name) {
    return parent.get(name) instanceof JsonObject object ? object : new JsonObject();
  }

  static String text(JsonObject parent, String name) {
    return parent.get(name) != null && parent.get(name).isJsonPrimitive()
        ? parent.get(name).getAsString()
        : "";
  }
}
