// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.cache;

import java.nio.file.Path;

/**
 * The program that plays the Linkerd proxy.
 *
 * @param path where it is on this machine
 * @param standIn true when it is the stand-in, which proves nothing about a real mesh
 */
public record ProxyBinary(Path path, boolean standIn) {
  /** What to print before a run, so that nobody takes one for the other. */
  public String describe() {
    return standIn
        ? "proxy: the stand-in of this project's tests (MESHX_LINKERD2_PROXY names a real one)"
        : "proxy: linkerd2-proxy at " + path;
  }
}
