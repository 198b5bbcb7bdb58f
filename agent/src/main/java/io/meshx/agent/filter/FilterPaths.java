// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import java.nio.file.Path;

/**
 * Where the kernel keeps the programs that each packet of a unit's processes must pass.
 *
 * @param ingress for what comes in
 * @param egress for what leaves; perhaps the same
 */
public record FilterPaths(Path ingress, Path egress) {}
