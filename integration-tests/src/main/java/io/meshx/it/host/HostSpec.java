// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.host;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a host is to be.
 *
 * @param name its host name, at most 10 characters of a to z and 0 to 9
 * @param packages Debian packages beyond those that every host has
 * @param mounts directories of this machine that the host sees, read-only, by the path there
 * @param networkd whether systemd-networkd looks after its interface, and the interface has the
 *     host's name server, as with DHCP; otherwise the interface is set up by nobody that watches
 *     it, and the name server is systemd-resolved's for all interfaces
 */
public record HostSpec(
    String name, Debian debian, List<String> packages, Map<String, Path> mounts, boolean networkd) {
  public HostSpec {
    if (!name.matches("[a-z][a-z0-9]{0,9}")) {
      throw new IllegalArgumentException(
          "not a name for a host: '" + name + "'; one to ten of a to z and 0 to 9");
    }
    packages = List.copyOf(packages);
    mounts = Map.copyOf(mounts);
  }

  /** A host with nothing special. */
  public static HostSpec of(String name, Debian debian) {
    return new HostSpec(name, debian, List.of(), Map.of(), false);
  }

  /** The same with more packages installed. They make an image of their own. */
  public HostSpec withPackages(String... more) {
    List<String> all = new ArrayList<>(packages);
    all.addAll(List.of(more));
    return new HostSpec(name, debian, all, mounts, networkd);
  }

  /** The same with a directory of this machine to be seen at a path. */
  public HostSpec mounting(Path directory, String at) {
    Map<String, Path> all = new TreeMap<>(mounts);
    all.put(at, directory);
    return new HostSpec(name, debian, packages, all, networkd);
  }

  /** The same with an interface that systemd-networkd looks after. */
  public HostSpec withNetworkd() {
    return new HostSpec(name, debian, packages, mounts, true);
  }
}
