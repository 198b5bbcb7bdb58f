// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet.nftables;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What the rules of one input chain do with a TCP connection that a peer begins. Whatever is not
 * understood is taken to let it in: a warning must be right.
 *
 * @param allowed ports to which some rule may let it connect
 * @param refusesTheRest whether any other port is refused
 */
record InputRules(SortedSet<PortRange> allowed, boolean refusesTheRest) {
  private static final PortRange ALL = new PortRange(new Port(1), new Port(65535));

  /** Statements that neither decide nor match. */
  private static final Set<String> NEUTRAL = Set.of("counter", "log", "limit");

  private static final Set<String> REFUSALS = Set.of("drop", "reject");

  /** Keeps a copy. */
  InputRules {
    allowed = Collections.unmodifiableSortedSet(new TreeSet<>(allowed));
  }

  /**
   * Reads rules in their order.
   *
   * @param rules as nft gives them
   * @param dropsByPolicy what becomes of that which reaches the end
   */
  static InputRules of(List<JsonObject> rules, boolean dropsByPolicy) {
    TreeSet<PortRange> allowed = new TreeSet<>();
    for (JsonObject rule : rules) {
      List<JsonObject> statements = statements(rule);
      if (statements.stream().allMatch(InputRules::isRefusal) && !statements.isEmpty()) {
        return new InputRules(allowed, true);
      }
      if (statements.stream().noneMatch(InputRules::isRefusal)) {
        allowed.addAll(ports(statements));
      }
    }
    return new InputRules(allowed, dropsByPolicy);
  }

  private static List<JsonObject> statements(JsonObject rule) {
    List<JsonObject> statements = new ArrayList<>();
    if (rule.get("expr") instanceof JsonArray all) {
      for (JsonElement each : all) {
        if (each instanceof JsonObject statement
            && !statement.keySet().stream().allMatch(NEUTRAL::contains)) {
          statements.add(statement);
        }
      }
    }
    return statements;
  }

  private static boolean isRefusal(JsonObject statement) {
    return statement.keySet().stream().anyMatch(REFUSALS::contains);
  }

  /** The ports to which a rule may let peers connect. */
  private static SortedSet<PortRange> ports(List<JsonObject> statements) {
    SortedSet<PortRange> ports = new TreeSet<>(Set.of(ALL));
    if (statements.isEmpty()) {
      return new TreeSet<>();
    }
    for (JsonObject statement : statements) {
      if (statement.get("match") instanceof JsonObject match
          && word(match, "op").matches("==|in")) {
        Optional<SortedSet<PortRange>> matched = matched(match);
        if (matched.isPresent()) {
          ports = matched.get();
          if (ports.isEmpty()) {
            return ports;
          }
        }
      }
    }
    return ports;
  }

  /** The ports of peers' connections that a match lets pass; empty if it does not say. */
  private static Optional<SortedSet<PortRange>> matched(JsonObject match) {
    JsonElement right = match.get("right");
    if (!(match.get("left") instanceof JsonObject left) || right == null) {
      return Optional.empty();
    }
    TreeSet<PortRange> nothing = new TreeSet<>();
    if (left.get("payload") instanceof JsonObject payload) {
      String protocol = word(payload, "protocol");
      String field = word(payload, "field");
      if (protocol.equals("tcp") && field.equals("dport")) {
        return numbers(right);
      }
      return Set.of("udp", "icmp", "icmpv6", "sctp").contains(protocol)
              || (field.equals("protocol") && !words(right).contains("tcp"))
          ? Optional.of(nothing)
          : Optional.empty();
    }
    if (left.get("meta") instanceof JsonObject meta) {
      return switch (word(meta, "key")) {
        case "iif", "iifname" ->
            words(right).equals(Set.of("lo")) ? Optional.of(nothing) : Optional.empty();
        case "l4proto" ->
            words(right).contains("tcp") || words(right).isEmpty()
                ? Optional.empty()
                : Optional.of(nothing);
        default -> Optional.empty();
      };
    }
    return left.get("ct") instanceof JsonObject ct
            && word(ct, "key").equals("state")
            && !words(right).isEmpty()
            && !words(right).contains("new")
        ? Optional.of(nothing)
        : Optional.empty();
  }

  /** Ports of a number, a range or a set of them; empty for anything else, such as a named set. */
  private static Optional<SortedSet<PortRange>> numbers(JsonElement right) {
    TreeSet<PortRange> ports = new TreeSet<>();
    for (JsonElement each : elements(right)) {
      Optional<PortRange> range = range(each);
      if (range.isEmpty()) {
        return Optional.empty();
      }
      ports.add(range.get());
    }
    return Optional.of(ports);
  }

  private static Optional<PortRange> range(JsonElement element) {
    try {
      if (element instanceof JsonObject object && object.get("range") instanceof JsonArray ends) {
        return Optional.of(
            new PortRange(new Port(ends.get(0).getAsInt()), new Port(ends.get(1).getAsInt())));
      }
      return element.isJsonPrimitive()
          ? Optional.of(PortRange.of(new Port(element.getAsInt())))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // A name, such as of a set.
    }
  }

  private static Set<String> words(JsonElement right) {
    TreeSet<String> words = new TreeSet<>();
    for (JsonElement each : elements(right)) {
      if (each.isJsonPrimitive()) {
        words.add(each.getAsString());
      }
    }
    return words;
  }

  private static Iterable<JsonElement> elements(JsonElement right) {
    if (right instanceof JsonArray list) {
      return list;
    }
    return right instanceof JsonObject object && object.get("set") instanceof JsonArray set
        ? set
        : List.of(right);
  }

  /** A member that is a string, or "". */
  static String word(JsonObject object, String key) {
    return object.get(key) instanceof JsonPrimitive value ? value.getAsString() : "";
  }
}
