// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.realmesh;

import io.meshx.it.exec.LabException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The programs of a real mesh, each named by an environment variable; etcd and stunnel are those of
 * the system's packages etcd-server and stunnel4.
 *
 * @param controller Linkerd's controller, which has the sub-command {@code destination}
 * @param policyController Linkerd's policy controller
 * @param crds directory with the custom resource definitions of Linkerd and the Gateway API
 */
record Programs(Path controller, Path policyController, Path crds, Path stunnel) {
  private static final String PROXY = "MESHX_LINKERD2_PROXY";

  /**
   * Finds all of them, the proxy included, which {@link io.meshx.it.cache.Cache#proxy} hands out.
   *
   * @throws LabException when some are missing, with all that are
   */
  static Programs find(Map<String, String> environment) {
    List<String> missing = new ArrayList<>();
    program(environment, PROXY, missing);
    Programs found =
        new Programs(
            program(environment, "MESHX_LINKERD_CONTROLLER", missing),
            program(environment, "MESHX_LINKERD_POLICY_CONTROLLER", missing),
            directory(environment, "MESHX_LINKERD_CRDS", missing),
            packaged("/usr/bin/stunnel", "stunnel4", missing));
    if (!missing.isEmpty()) {
      throw new LabException("a real mesh needs: " + String.join("; ", missing));
    }
    return found;
  }

  private static Path program(
      Map<String, String> environment, String variable, List<String> missing) {
    Path path = Path.of(environment.getOrDefault(variable, ""));
    if (!Files.isRegularFile(path) || !Files.isExecutable(path)) {
      missing.add(variable + " to name a program, but it is '" + path + "'");
    }
    return path.toAbsolutePath();
  }

  private static Path directory(
      Map<String, String> environment, String variable, List<String> missing) {
    Path path = Path.of(environment.getOrDefault(variable, ""));
    // The empty path is the working directory, which is one.
    if (path.toString().isEmpty() || !Files.isDirectory(path)) {
      missing.add(variable + " to name a directory, but it is '" + path + "'");
    }
    return path.toAbsolutePath();
  }

  private static Path packaged(String program, String name, List<String> missing) {
    Path path = Path.of(program);
    if (!Files.isExecutable(path)) {
      missing.add("the package " + name + ", since '" + program + "' is not there");
    }
    return path;
  }
}
