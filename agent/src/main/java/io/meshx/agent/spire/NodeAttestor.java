// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import io.meshx.agent.model.Port;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * How the host proves to the SPIRE server which host it is. Files that only root may read reach the
 * SPIRE agent as systemd credentials.
 *
 * @see <a href="https://github.com/spiffe/spire/tree/v1.15.3/doc">SPIRE,
 *     doc/plugin_agent_nodeattestor_*.md</a>
 */
public sealed interface NodeAttestor {
  /** The name of SPIRE's plugin, which is also the one in the configuration. */
  String plugin();

  /** The files that it reads, by the name of their credential. */
  default SortedMap<String, Path> files() {
    return new TreeMap<>();
  }

  /**
   * What its plugin is told.
   *
   * @param credential where the plugin finds the credential of a name
   */
  default Map<String, Object> data(Function<String, Path> credential) {
    return Map.of();
  }

  /** Whether the host can prove itself again, without a hand, when its identity is lost. */
  default boolean again() {
    return true;
  }

  /**
   * A secret that works once.
   *
   * @param file where somebody puts it
   */
  record JoinToken(Path file) implements NodeAttestor {
    @Override
    public String plugin() {
      return "join_token";
    }

    @Override
    public boolean again() {
      return false;
    }
  }

  /**
   * A certificate of an authority that the SPIRE server trusts for this.
   *
   * @param certificate PEM file with it
   * @param privateKey PEM file with its key
   * @param intermediates PEM file with what lies between it and the authority
   */
  record X509Pop(Path certificate, Path privateKey, Optional<Path> intermediates)
      implements NodeAttestor {
    private static final String CERTIFICATE = "x509pop.crt";
    private static final String KEY = "x509pop.key";
    private static final String INTERMEDIATES = "x509pop-intermediates.crt";

    @Override
    public String plugin() {
      return "x509pop";
    }

    @Override
    public SortedMap<String, Path> files() {
      TreeMap<String, Path> files =
          new TreeMap<>(Map.of(CERTIFICATE, certificate, KEY, privateKey));
      intermediates.ifPresent(file -> files.put(INTERMEDIATES, file));
      return files;
    }

    @Override
    public Map<String, Object> data(Function<String, Path> credential) {
      Map<String, Object> data = new LinkedHashMap<>();
      data.put("certificate_path", credential.apply(CERTIFICATE).toString());
      data.put("private_key_path", credential.apply(KEY).toString());
      intermediates.ifPresent(
          _ -> data.put("intermediates_path", credential.apply(INTERMEDIATES).toString()));
      return data;
    }
  }

  /**
   * The host's SSH key, with a certificate of an SSH authority.
   *
   * @param hostKey file with the private key
   * @param hostCertificate file with its certificate
   */
  record SshPop(Path hostKey, Path hostCertificate) implements NodeAttestor {
    private static final String KEY = "ssh-host-key";
    private static final String CERTIFICATE = "ssh-host-key-cert.pub";

    @Override
    public String plugin() {
      return "sshpop";
    }

    @Override
    public SortedMap<String, Path> files() {
      return new TreeMap<>(Map.of(KEY, hostKey, CERTIFICATE, hostCertificate));
    }

    @Override
    public Map<String, Object> data(Function<String, Path> credential) {
      return new TreeMap<>(
          Map.of(
              "host_key_path", credential.apply(KEY).toString(),
              "host_cert_path", credential.apply(CERTIFICATE).toString()));
    }
  }

  /**
   * A device identity in the host's TPM.
   *
   * @param certificate PEM file with the certificate of the identity
   * @param privateKey file with its key, which only this TPM can load
   * @param publicKey file with the public half
   * @param device the TPM's device; SPIRE looks for one if it is empty
   */
  record TpmDevId(Path certificate, Path privateKey, Path publicKey, Optional<Path> device)
      implements NodeAttestor {
    private static final String CERTIFICATE = "devid.crt";
    private static final String PRIVATE = "devid.priv";
    private static final String PUBLIC = "devid.pub";

    @Override
    public String plugin() {
      return "tpm_devid";
    }

    @Override
    public SortedMap<String, Path> files() {
      return new TreeMap<>(
          Map.of(CERTIFICATE, certificate, PRIVATE, privateKey, PUBLIC, publicKey));
    }

    @Override
    public Map<String, Object> data(Function<String, Path> credential) {
      Map<String, Object> data = new LinkedHashMap<>();
      data.put("devid_cert_path", credential.apply(CERTIFICATE).toString());
      data.put("devid_priv_path", credential.apply(PRIVATE).toString());
      data.put("devid_pub_path", credential.apply(PUBLIC).toString());
      device.ifPresent(path -> data.put("tpm_device_path", path.toString()));
      return data;
    }
  }

  /**
   * A name under which the SPIRE server reaches this host.
   *
   * @param hostname the name
   * @param port where the SPIRE agent answers while it is attested
   * @param agentName tells several SPIRE agents of one name apart
   */
  record HttpChallenge(String hostname, Port port, String agentName) implements NodeAttestor {
    @Override
    public String plugin() {
      return "http_challenge";
    }

    @Override
    public Map<String, Object> data(Function<String, Path> credential) {
      Map<String, Object> data = new LinkedHashMap<>();
      data.put("hostname", hostname);
      data.put("agentname", agentName);
      data.put("port", port.number());
      return data;
    }
  }

  /** The identity document of an AWS instance. */
  record AwsIid() implements NodeAttestor {
    @Override
    public String plugin() {
      return "aws_iid";
    }
  }

  /**
   * The identity token of a Google Cloud instance.
   *
   * @param serviceAccount whose token it is
   */
  record GcpIit(String serviceAccount) implements NodeAttestor {
    @Override
    public String plugin() {
      return "gcp_iit";
    }

    @Override
    public Map<String, Object> data(Function<String, Path> credential) {
      return Map.of("service_account", serviceAccount);
    }
  }

  /**
   * The attested document of an Azure machine; spire-agent 1.14.0 or later.
   *
   * @param tenantDomain domain of its tenant
   */
  record AzureImds(String tenantDomain) implements NodeAttestor {
    @Override
    public String plugin() {
      return "azure_imds";
    }

    @Override
    public Map<String, Object> data(Function<String, Path> credential) {
      return Map.of("tenant_domain", tenantDomain);
    }
  }
}
