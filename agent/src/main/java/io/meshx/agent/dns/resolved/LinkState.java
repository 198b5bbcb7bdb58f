// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.dns.resolved;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.meshx.agent.model.IpAddress;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A network link as {@code ip -json address show} tells it.
 *
 * @param index its number in the kernel, above 0
 * @param up whether it is switched on
 * @param addresses its addresses with the prefix of one host, other than those that the kernel made
 */
record LinkState(int index, boolean up, SortedSet<IpAddress> addresses) {
  /** Finds a link by its name; empty if there is none. */
  static Optional<LinkState> find(String name, String json) {
    for (JsonElement element : JsonParser.parseString(json).getAsJsonArray()) {
      JsonObject link = element.getAsJsonObject();
      // iproute2 prints an empty object for each link that a filter leaves out.
      if (link.has("ifname") && link.get("ifname").getAsString().equals(name)) {
        return Optional.of(
            new LinkState(
                link.get("ifindex").getAsInt(),
                texts(link.getAsJsonArray("flags")).contains("UP"),
                addresses(link.getAsJsonArray("addr_info"))));
      }
    }
    return Optional.empty();
  }

  private static SortedSet<String> texts(JsonArray array) {
    SortedSet<String> texts = new TreeSet<>();
    array.forEach(element -> texts.add(element.getAsString()));
    return texts;
  }

  private static SortedSet<IpAddress> addresses(JsonArray array) {
    SortedSet<IpAddress> addresses = new TreeSet<>();
    for (JsonElement element : array) {
      JsonObject entry = element.getAsJsonObject();
      if (entry.has("local") && !entry.get("scope").getAsString().equals("link")) {
        addresses.add(IpAddress.parse(entry.get("local").getAsString()));
      }
    }
    return addresses;
  }
}
