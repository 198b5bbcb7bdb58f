// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

/** Whose connections are meant: by what the kernel tells processes of a workload from others. */
public sealed interface Scope {
  /**
   * Those of a user.
   *
   * @param uid the user ID, above 0
   */
  record User(int uid) implements Scope {}

  /**
   * Those of every process in a control group of version 2 and below it, whatever its user.
   *
   * @param path without a slash at its beginning, such as {@code a.slice/a-b.slice}
   */
  record ControlGroup(String path) implements Scope {
    /** How deep it is; 1 is right below the root. */
    public int level() {
      return path.split("/", -1).length;
    }

    /** Whether another control group, with a slash at its beginning, is this one or below it. */
    public boolean contains(String other) {
      return other.equals("/" + path) || other.startsWith("/" + path + "/");
    }
  }
}
