// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.Material;
import io.meshx.agent.registry.Registry;
import io.meshx.agent.registry.RegistryContract;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.registry.ResourceState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.TreeMap;

final class FakeRegistryTest extends RegistryContract {
  private final FakeRegistry registry = new FakeRegistry();

  @Override
  protected Registry registry() {
    return registry;
  }

  @Override
  protected ClusterAccess access() {
    return new ClusterAccess(
        new ApiAccess(
            HostPort.parse("192.0.2.1:6443"),
            new Material.InFile(Path.of("/etc/meshx-agent/kubernetes-ca.pem")),
            new ApiAccess.Credentials.Token(
                new Material.InFile(Path.of("/etc/meshx-agent/kubernetes-token")))),
        HOST,
        Duration.ZERO);
  }

  @Override
  protected void others(ResourceName resource, ExternalWorkload says) {
    registry.put(
        resource,
        new ResourceState.Present(
            Optional.of(says), Optional.of(new WorkloadName("vm-2")), Optional.empty(), false));
  }

  @Override
  protected void delete(ResourceName resource) {
    registry.delete(resource);
  }

  @Override
  protected void label(ResourceName resource, String key, String value) {
    ResourceState.Present before = registry.get(resource).orElseThrow();
    ExternalWorkload says = before.says().orElseThrow();
    TreeMap<String, String> labels = new TreeMap<>(says.labels());
    labels.put(key, value);
    registry.put(
        resource,
        new ResourceState.Present(
            Optional.of(
                new ExternalWorkload(
                    says.identity(),
                    says.serverName(),
                    says.addresses(),
                    says.ports(),
                    labels,
                    says.annotations())),
            before.owner(),
            before.readiness(),
            before.heard()));
  }
}
