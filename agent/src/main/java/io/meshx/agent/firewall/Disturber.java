// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

/**
 * A process that changed the host's packet filter, as the kernel names it.
 *
 * @param program the first 15 bytes of its name (proc_pid_comm(5))
 * @param pid its process ID; it may have ended
 */
public record Disturber(String program, int pid) {
  @Override
  public String toString() {
    return program + " (process " + pid + ")";
  }
}
