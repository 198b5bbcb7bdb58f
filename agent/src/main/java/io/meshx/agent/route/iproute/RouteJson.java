// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.route.iproute;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.meshx.agent.model.Cidr;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.route.Route;
import io.meshx.agent.route.RouteTable;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** Gathers the routes through a next hop from what {@code ip -N -json route show} prints. */
final class RouteJson {
  private final String protocol;
  private final TreeSet<Route> ours = new TreeSet<>();
  private final TreeSet<Route> others = new TreeSet<>();

  RouteJson(int protocol) {
    this.protocol = Integer.toString(protocol);
  }

  /**
   * Adds the routes of one family. Those without a next hop (link, unreachable) and those with one
   * of the other family are passed over: {@link Route} has no form for them.
   *
   * @throws IllegalArgumentException if the text is something else
   */
  void add(IpFamily family, String text) {
    try {
      for (JsonElement element : JsonParser.parseString(text).getAsJsonArray()) {
        JsonObject route = element.getAsJsonObject();
        TreeSet<Route> side = text(route, "protocol").equals(protocol) ? ours : others;
        for (JsonObject hop : hops(route)) {
          String gateway = text(hop, "gateway");
          if (!gateway.isEmpty()) {
            side.add(new Route(destination(family, text(route, "dst")), IpAddress.parse(gateway)));
          }
        }
      }
    } catch (JsonParseException | IllegalStateException | UnsupportedOperationException e) {
      throw new IllegalArgumentException("it is not the JSON of ip route: " + e.getMessage(), e);
    }
  }

  /** What has been added. */
  RouteTable table() {
    return new RouteTable(ours, others);
  }

  /** A route has its next hop in itself, or several in a list. */
  private static List<JsonObject> hops(JsonObject route) {
    ArrayList<JsonObject> hops = new ArrayList<>(List.of(route));
    if (route.has("nexthops")) {
      route.getAsJsonArray("nexthops").forEach(hop -> hops.add(hop.getAsJsonObject()));
    }
    return hops;
  }

  private static String text(JsonObject object, String key) {
    return object.has(key) ? object.get(key).getAsString() : "";
  }

  private static Cidr destination(IpFamily family, String text) {
    if (text.equals("default")) {
      return Cidr.parse(
          switch (family) {
            case V4 -> "0.0.0.0/0";
            case V6 -> "::/0";
          });
    }
    return text.indexOf('/') >= 0
        ? Cidr.parse(text)
        : new Cidr(IpAddress.parse(text), family.bits());
  }
}
