// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.LinkedHashMap;
import java.util.Map;

/** The JSON form that SPIRE takes its configuration in besides HCL. */
final class SpireJson {
  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private SpireJson() {}

  /** A configured plugin; an empty map is a plugin with nothing to configure. */
  static Map<String, Object> plugin(String name, Map<String, ?> data) {
    return Map.of(name, Map.of("plugin_data", data));
  }

  /**
   * The text of a file.
   *
   * @param section the main section's name
   * @param values its values; maps with more than one key must have a fixed order
   * @param plugins the plugins by type
   */
  static String text(String section, Map<String, Object> values, Map<String, Object> plugins) {
    Map<String, Object> file = new LinkedHashMap<>();
    file.put(section, values);
    file.put("plugins", plugins);
    return GSON.toJson(file) + "\n";
  }
}
