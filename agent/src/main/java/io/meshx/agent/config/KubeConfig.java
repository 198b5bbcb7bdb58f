// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.Material;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * The current context of a kubeconfig file (kubernetes.io, Organizing Cluster Access Using
 * kubeconfig Files). What the agent cannot do as it says is refused, and never left out.
 */
final class KubeConfig {
  private static final String DATA = "-data";
  private static final List<String> OF_CLUSTER =
      List.of(
          "server",
          "certificate-authority",
          "certificate-authority-data",
          "extensions",
          "disable-compression");
  private static final List<String> OF_USER =
      List.of(
          "token",
          "tokenFile",
          "client-certificate",
          "client-certificate-data",
          "client-key",
          "client-key-data");

  private final Path directory;

  private KubeConfig(Path directory) {
    this.directory = directory;
  }

  /**
   * Reads it.
   *
   * @param directory the one that relative paths in it start from
   * @throws IllegalArgumentException if it is none, or says what the agent cannot do; the message
   *     says which, and nothing of what it holds
   */
  static ApiAccess read(String text, Path directory) {
    Object root;
    try {
      root = new Load(LoadSettings.builder().build()).loadFromString(text);
    } catch (YamlEngineException e) {
      throw new IllegalArgumentException("holds no YAML that can be read", e);
    }
    KubeConfig reader = new KubeConfig(directory);
    Map<?, ?> config = map(root, "it");
    Map<?, ?> context =
        named(config, "contexts", "context", text(config, "current-context").orElse(""));
    return reader.access(
        named(config, "clusters", "cluster", text(context, "cluster").orElse("")),
        named(config, "users", "user", text(context, "user").orElse("")));
  }

  private ApiAccess access(Map<?, ?> cluster, Map<?, ?> user) {
    only(cluster, OF_CLUSTER, "the cluster");
    only(user, OF_USER, "the user");
    String server =
        text(cluster, "server")
            .orElseThrow(() -> new IllegalArgumentException("names no server of the cluster"));
    return new ApiAccess(
        ApiAccess.address(withPort(server)),
        material(cluster, "certificate-authority")
            .orElseThrow(
                () -> new IllegalArgumentException("has no certificate-authority of the cluster")),
        credentials(user));
  }

  private static String withPort(String server) {
    return server.matches("https://[^/]*:[0-9]+/?|https://.*/.+|(?!https:).*")
        ? server
        : server.replaceAll("/$", "") + ":443";
  }

  private ApiAccess.Credentials credentials(Map<?, ?> user) {
    Optional<Material> certificate = material(user, "client-certificate");
    Optional<Material> key = material(user, "client-key");
    if (certificate.isPresent() && key.isPresent()) {
      if (key.get() instanceof Material.Given(String pem) && !Certificates.holdsPkcs8Key(pem)) {
        throw new IllegalArgumentException(
            "has a client key in another form than PKCS #8 (BEGIN PRIVATE KEY); decode it, write"
                + " it so by 'openssl pkcs8 -topk8 -nocrypt' and name the file as client-key, or"
                + " use a token of 'kubectl create token'");
      }
      return new ApiAccess.Credentials.Certificate(certificate.get(), key.get());
    }
    return text(user, "tokenFile")
        .<Material>map(file -> new Material.InFile(path(file)))
        .or(() -> text(user, "token").map(Material.Given::new))
        .<ApiAccess.Credentials>map(ApiAccess.Credentials.Token::new)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "has neither a token nor a client certificate with its key for the user"));
  }

  private Optional<Material> material(Map<?, ?> of, String key) {
    Optional<String> data = text(of, key + DATA);
    if (data.isPresent()) {
      try {
        return Optional.of(
            new Material.Given(
                new String(
                    Base64.getDecoder().decode(data.get().replaceAll("\\s", "")),
                    StandardCharsets.UTF_8)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("has a " + key + DATA + " that is no base64", e);
      }
    }
    return text(of, key).map(file -> new Material.InFile(path(file)));
  }

  private Path path(String file) {
    return directory.resolve(file).normalize();
  }

  private static void only(Map<?, ?> of, List<String> known, String whose) {
    for (Object key : of.keySet()) {
      if (!known.contains(String.valueOf(key))) {
        throw new IllegalArgumentException(
            "says '"
                + key
                + "' of "
                + whose
                + ", which the agent does not do; allowed: "
                + String.join(", ", known)
                + (key.equals("exec") || key.equals("auth-provider")
                    ? "; 'kubectl create token' makes a token instead"
                    : ""));
      }
    }
  }

  private static Map<?, ?> named(Map<?, ?> config, String list, String what, String name) {
    if (config.get(list) instanceof List<?> all) {
      for (Object each : all) {
        if (each instanceof Map<?, ?> map && name.equals(map.get("name"))) {
          return map(map.get(what), what + " '" + name + "'");
        }
      }
    }
    throw new IllegalArgumentException(
        name.isEmpty()
            ? "does not say which of its " + list + " is the current one"
            : "has no " + what + " '" + name + "' among its " + list);
  }

  private static Map<?, ?> map(@Nullable Object value, String what) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new IllegalArgumentException("is no kubeconfig: " + what + " is no map");
  }

  private static Optional<String> text(Map<?, ?> of, String key) {
    return of.get(key) instanceof String text && !text.isEmpty()
        ? Optional.of(text)
        : Optional.empty();
  }
}
