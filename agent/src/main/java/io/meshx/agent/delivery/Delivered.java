// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.delivery;

import java.nio.file.Path;

/**
 * Files that lie ready.
 *
 * @param directory where they are found
 * @param version by what they are known; see {@link Delivery#version}
 * @param beforeStart whether they came before the workload started, so that nobody must tell it
 */
public record Delivered(Path directory, String version, boolean beforeStart) {}
