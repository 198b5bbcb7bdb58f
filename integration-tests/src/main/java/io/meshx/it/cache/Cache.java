// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.cache;

import io.meshx.it.exec.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The directory of things built once, and the programs in it that {@code make tools} built. */
public final class Cache {
  /** The version of SPIRE that the tests run. */
  public static final String SPIRE_VERSION = "1.15.3";

  /** The version of Kubernetes that the tests run. */
  public static final String KUBE_VERSION = "1.34.3";

  private Cache() {}

  /** {@code $XDG_CACHE_HOME/meshx-agent}, by default below {@code ~/.cache}. */
  public static Path root() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path base =
        xdg == null || xdg.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(xdg);
    return base.resolve("meshx-agent");
  }

  /**
   * The directory that holds {@code spire-server} and {@code spire-agent}.
   *
   * @throws LabException when they are not built
   */
  public static Path spire() {
    return need(root().resolve("spire-" + SPIRE_VERSION), "spire-server");
  }

  /**
   * The directory that holds {@code kube-apiserver} and {@code kubectl}.
   *
   * @throws LabException when they are not built
   */
  public static Path kube() {
    return need(root().resolve("kube-" + KUBE_VERSION), "kube-apiserver");
  }

  /**
   * The directory of the newest stand-ins: {@code linkerd2-proxy}, {@code control-plane}, {@code
   * workload}. {@code MESHX_STAND_IN} names another.
   *
   * @throws LabException when they are not built
   */
  public static Path standIns() {
    String given = System.getenv("MESHX_STAND_IN");
    if (given != null && !given.isEmpty()) {
      return need(Path.of(given), "control-plane");
    }
    Path newest = newest("stand-in-");
    return need(newest, "control-plane");
  }

  /** The proxy that tests run: the one of {@code MESHX_LINKERD2_PROXY}, or else the stand-in. */
  public static ProxyBinary proxy() {
    String real = System.getenv("MESHX_LINKERD2_PROXY");
    if (real != null && !real.isEmpty()) {
      Path path = Path.of(real);
      return new ProxyBinary(
          need(path.toAbsolutePath().getParent(), name(path)).resolve(name(path)), false);
    }
    return new ProxyBinary(standIns().resolve("linkerd2-proxy"), true);
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  private static Path newest(String prefix) {
    if (!Files.isDirectory(root())) {
      return root().resolve(prefix + "none");
    }
    try (Stream<Path> all = Files.list(root())) {
      List<Path> found =
          all.filter(each -> name(each).matches(prefix + "[0-9a-f]+"))
              .sorted(Comparator.comparingLong(each -> each.toFile().lastModified()))
              .toList();
      return found.isEmpty() ? root().resolve(prefix + "none") : found.getLast();
    } catch (IOException e) {
      throw new LabException("listing '" + root() + "'", e);
    }
  }

  private static Path need(@Nullable Path directory, String program) {
    if (directory == null || !Files.isExecutable(directory.resolve(program))) {
      throw new LabException(
          "looking for the program '%s' in '%s': it is not there; run 'make tools tools-kube'"
              .formatted(program, directory));
    }
    return directory;
  }
}
