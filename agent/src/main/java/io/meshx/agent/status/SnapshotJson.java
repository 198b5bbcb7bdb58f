// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.status;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.GsonBuilder;

/** The status for machines. */
public final class SnapshotJson {
  private SnapshotJson() {}

  /**
   * The snapshot as indented JSON with names in lower case and underscores, and a final newline.
   */
  public static String text(Snapshot snapshot) {
    return new GsonBuilder()
            .setPrettyPrinting()
            .disableHtmlEscaping()
            .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
            .create()
            .toJson(snapshot)
        + "\n";
  }
}
