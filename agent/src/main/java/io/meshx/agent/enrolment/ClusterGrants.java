// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.enrolment;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.Lease;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What a cluster must allow a host, beside what {@code kubernetes/cluster.yaml} brings: to write
 * the ExternalWorkloads of its own workloads, with their identities, addresses and labels, and to
 * renew its own lease.
 */
public final class ClusterGrants {
  private static final String ACCOUNTS = Lease.NAMESPACE;

  private ClusterGrants() {}

  /** As manifests, after how the token is made that the host needs. */
  public static String manifests(AgentConfig config) {
    String host = config.host().name().text();
    TreeSet<WorkloadName> namespaces = new TreeSet<>();
    TreeSet<String> identities = new TreeSet<>();
    TreeSet<String> labels = new TreeSet<>();
    for (AgentConfig.Workload workload : config.workloads().values()) {
      namespaces.add(workload.namespace());
      identities.add(workload.id().toString());
      workload.registration().labels().forEach((key, value) -> labels.add(key + "=" + value));
    }
    StringBuilder text =
        new StringBuilder(
            """
            # Once in the cluster: kubectl apply -f /usr/share/doc/meshx-agent/kubernetes/cluster.yaml
            # Then this:            meshx entries --as kubernetes | kubectl apply -f -
            # The host's token:     kubectl -n %1$s create token %2$s --duration=8760h
            # It goes into kubernetes.token_file; the server may shorten how long it is valid.
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: "%2$s", namespace: "%1$s"}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: "%2$s", namespace: "%1$s"}
            data:
              identities: "%3$s"
              addresses: "%4$s"
              labels: "%5$s"
            ---
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicyBinding
            metadata: {name: "meshx-host-%2$s"}
            spec:
              policyName: meshx-host-limits
              validationActions: [Deny]
              paramRef: {name: "%2$s", namespace: "%1$s", parameterNotFoundAction: Deny}
              matchResources: {objectSelector: {matchLabels: {meshx.io/host: "%2$s"}}}
            """
                .formatted(
                    ACCOUNTS,
                    host,
                    String.join(" ", identities),
                    config.host().addresses().stream()
                        .map(Object::toString)
                        .collect(Collectors.joining(" ")),
                    String.join(" ", labels)));
    if (config.kubernetes().flatMap(AgentConfig.Kubernetes::lease).isPresent()) {
      text.append(
          """
          ---
          apiVersion: rbac.authorization.k8s.io/v1
          kind: Role
          metadata: {name: "meshx-host-%2$s", namespace: "%1$s"}
          rules:
          - {apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: ["%2$s"], verbs: [create, patch]}
          ---
          apiVersion: rbac.authorization.k8s.io/v1
          kind: RoleBinding
          metadata: {name: "meshx-host-%2$s-lease", namespace: "%1$s"}
          roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: "meshx-host-%2$s"}
          subjects: [{kind: ServiceAccount, name: "%2$s", namespace: "%1$s"}]
          """
              .formatted(ACCOUNTS, host));
    }
    if (config.network().filter(AgentConfig.Network::podsOfNodes).isPresent()) {
      text.append(
          """
          ---
          apiVersion: rbac.authorization.k8s.io/v1
          kind: ClusterRoleBinding
          metadata: {name: "meshx-host-%2$s-nodes"}
          roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: meshx-host-nodes}
          subjects: [{kind: ServiceAccount, name: "%2$s", namespace: "%1$s"}]
          """
              .formatted(ACCOUNTS, host));
    }
    for (WorkloadName namespace : List.copyOf(namespaces)) {
      text.append(
          """
          ---
          apiVersion: rbac.authorization.k8s.io/v1
          kind: RoleBinding
          metadata: {name: "meshx-host-%2$s", namespace: "%3$s"}
          roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: meshx-host}
          subjects: [{kind: ServiceAccount, name: "%2$s", namespace: "%1$s"}]
          """
              .formatted(ACCOUNTS, host, namespace));
    }
    return text.toString();
  }
}
