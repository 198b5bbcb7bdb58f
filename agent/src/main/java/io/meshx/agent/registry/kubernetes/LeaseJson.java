// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import com.google.gson.JsonObject;
import io.meshx.agent.registry.Lease;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** A Lease as JSON (kubernetes.io, Lease v1 of coordination.k8s.io). */
final class LeaseJson {
  /** Exactly six digits: the API server refuses other numbers of them. */
  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private static final String VERSION = "coordination.k8s.io/v1";
  private static final String HOLDER = "holderIdentity";
  private static final String LASTS = "leaseDurationSeconds";
  private static final String SAID = "renewTime";

  private LeaseJson() {}

  /** Where all are. */
  static String path() {
    return "/apis/" + VERSION + "/namespaces/" + Lease.NAMESPACE + "/leases";
  }

  /** Where one is. */
  static String path(String name) {
    return path() + "/" + name;
  }

  /** A lease that is held from now on. */
  static JsonObject held(String name, String holder, Duration lasts, Instant now) {
    JsonObject spec = new JsonObject();
    spec.addProperty(HOLDER, holder);
    spec.addProperty(LASTS, lasts.toSeconds());
    spec.addProperty(SAID, MICROS.format(now));
    return whole(name, spec);
  }

  /** One that nobody holds. */
  static JsonObject free(String name) {
    JsonObject spec = new JsonObject();
    spec.addProperty(LASTS, 1);
    return whole(name, spec);
  }

  /** The same as a change of one that somebody holds. */
  static JsonObject freed(String name) {
    JsonObject object = free(name);
    ExternalWorkloadJson.child(object, "spec").addProperty(HOLDER, "");
    return object;
  }

  private static JsonObject whole(String name, JsonObject spec) {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", name);
    JsonObject object = new JsonObject();
    object.addProperty("apiVersion", VERSION);
    object.addProperty("kind", "Lease");
    object.add("metadata", metadata);
    object.add("spec", spec);
    return object;
  }

  /** What a lease says. */
  static Lease read(JsonObject object) {
    JsonObject spec = ExternalWorkloadJson.child(object, "spec");
    String holder = ExternalWorkloadJson.text(spec, HOLDER);
    String lasts = ExternalWorkloadJson.text(spec, LASTS);
    return new Lease(
        holder.isEmpty() || !lasts.matches("[1-9][0-9]{0,8}")
            ? Optional.empty()
            : Optional.of(holder),
        Duration.ofSeconds(lasts.matches("[0-9]{1,9}") ? Long.parseLong(lasts) : 0),
        ExternalWorkloadJson.text(spec, SAID),
        ExternalWorkloadJson.text(
            ExternalWorkloadJson.child(object, "metadata"), "resourceVersion"));
  }
}
