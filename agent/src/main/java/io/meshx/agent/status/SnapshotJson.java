// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.status;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The status for machines. */
public final class SnapshotJson {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotJson.class);
  private static final FieldNamingPolicy NAMES = FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES;

  private SnapshotJson() {}

  /**
   * The snapshot as indented JSON with names in lower case and underscores, and a final newline.
   */
  public static String text(Snapshot snapshot) {
    return new GsonBuilder()
            .setPrettyPrinting()
            .disableHtmlEscaping()
            .setFieldNamingPolicy(NAMES)
            .create()
            .toJson(snapshot)
        + "\n";
  }

  /**
   * Reads one back.
   *
   * @return empty if the text is something else
   */
  public static Optional<Snapshot> parse(String text) {
    try {
      return Optional.ofNullable(
          new GsonBuilder().setFieldNamingPolicy(NAMES).create().fromJson(text, Snapshot.class));
    } catch (JsonParseException e) {
      LOG.debug("no status: {}", text, e);
      return Optional.empty();
    }
  }
}
