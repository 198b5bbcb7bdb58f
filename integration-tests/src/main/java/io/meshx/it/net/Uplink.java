// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.net;

/**
 * How a host gets out.
 *
 * @param gateway default gateway of both families
 * @param resolver address of the ordinary name server
 */
public record Uplink(Station gateway, String resolver) {}
