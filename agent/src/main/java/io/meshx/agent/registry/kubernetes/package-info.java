// SPDX-License-Identifier: Apache-2.0
/**
 * Linkerd's ExternalWorkload through the Kubernetes API, over TLS to one server; must not know what
 * a workload is or why it is ready.
 */
@NullMarked
package io.meshx.agent.registry.kubernetes;

import org.jspecify.annotations.NullMarked;
