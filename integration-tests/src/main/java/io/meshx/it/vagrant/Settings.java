// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.vagrant;

import io.meshx.it.exec.LabException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a run is to be, by the environment and by what the Makefile says in system properties.
 *
 * @param provider {@code libvirt} or {@code virtualbox}
 * @param box what both hosts run, a name of the Vagrantfile's
 * @param localBox the file of the box {@code local}
 * @param patience how much longer than usual everything may take where processors are emulated
 * @param scenarios what runs
 * @param keep whether the machines stay for another run of the suites
 * @param directory of the Vagrantfile
 * @param results where reports are put
 */
record Settings(
    String provider,
    String box,
    Path localBox,
    int patience,
    Scenarios scenarios,
    boolean keep,
    Path directory,
    Path results) {
  /** The machine that the tests run on. */
  static final String CLUSTER = "cluster";

  /** The machines that become hosts of a mesh. */
  static final List<String> HOSTS = List.of("vm1", "vm2");

  static Settings ofEnvironment() {
    return new Settings(
        environment("VAGRANT_DEFAULT_PROVIDER").orElse("libvirt"),
        property("meshx.box"),
        Path.of(property("meshx.localbox")),
        environment("PATIENCE").map(Integer::parseInt).orElse(12),
        Scenarios.named(environment("SUITES").orElse("")),
        environment("KEEP").isPresent(),
        Path.of(property("meshx.vagrant")),
        Path.of(property("meshx.results")));
  }

  private static Optional<String> environment(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isEmpty());
  }

  private static String property(String name) {
    return Optional.ofNullable(System.getProperty(name))
        .orElseThrow(() -> new LabException("no " + name + "; run 'make vagrant-test'"));
  }

  boolean virtualbox() {
    return provider.equals("virtualbox");
  }

  /** What the machine of the cluster runs: Debian in any case. */
  String clusterBox() {
    return box.equals("local") ? "local" : "debian12";
  }
}
