// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.delivery.Delivered;
import io.meshx.agent.delivery.Deliveries;
import io.meshx.agent.delivery.Delivery;
import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Files with SVIDs, in memory. */
public final class FakeDeliveries implements Deliveries {
  private final TreeMap<WorkloadName, Delivered> delivered = new TreeMap<>();
  private final Map<Path, SortedMap<String, String>> files = new HashMap<>();
  private final Set<Path> occupied = new HashSet<>();

  @Override
  public synchronized SortedMap<WorkloadName, Delivered> observe() {
    return new TreeMap<>(delivered);
  }

  @Override
  public synchronized void deliver(
      Delivery delivery, SvidMaterial svid, TrustBundle bundle, boolean beforeStart)
      throws FileFailed {
    if (occupied.contains(delivery.directory())) {
      throw new FileFailed(
          "delivering an SVID to '" + delivery.directory() + "'",
          "there is something else; remove it, or choose another svid.directory",
          null);
    }
    remove(delivery.workload());
    delivered.put(
        delivery.workload(),
        new Delivered(delivery.directory(), delivery.version(svid.serial(), bundle), beforeStart));
    files.put(delivery.directory(), Delivery.files(svid, bundle));
  }

  @Override
  public synchronized void remove(WorkloadName workload) {
    Delivered gone = delivered.remove(workload);
    if (gone != null) {
      files.remove(gone.directory());
    }
  }

  /** Puts something into a place that is not ours. */
  public synchronized void occupy(Path place) {
    occupied.add(place);
  }

  /** What is found in a place. */
  public synchronized SortedMap<String, String> files(Path place) {
    return new TreeMap<>(files.getOrDefault(place, new TreeMap<>()));
  }

  /** A reboot. */
  public synchronized void wipe() {
    delivered.clear();
    files.clear();
  }

  @Override
  public synchronized String toString() {
    StringBuilder text = new StringBuilder();
    delivered.forEach((workload, where) -> text.append(workload + " " + where + "\n"));
    return text.toString();
  }
}
