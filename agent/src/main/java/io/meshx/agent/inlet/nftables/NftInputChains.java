// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet.nftables;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Guards;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.PortRange;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * The base chains at the input hook, by way of {@code nft --json}.
 *
 * @see <a href="https://manpages.debian.org/stable/libnftables1/libnftables-json.5.en.html">
 *     libnftables-json(5)</a>
 */
public final class NftInputChains implements Guards {
  private final Commands commands;
  private final Path program;

  /**
   * Looks at nothing yet.
   *
   * @param commands runs nft
   * @param program where it is, if the host has it
   */
  public NftInputChains(Commands commands, Path program) {
    this.commands = commands;
    this.program = program;
  }

  @Override
  public Guard observe() throws CommandFailed {
    TreeMap<String, SortedSet<PortRange>> refusing = new TreeMap<>();
    if (Files.isExecutable(program)) {
      for (JsonObject chain : list("chain", "list", "chains")) {
        if (InputRules.word(chain, "hook").equals("input")
            && InputRules.word(chain, "type").equals("filter")) {
          String family = InputRules.word(chain, "family");
          String table = InputRules.word(chain, "table");
          String name = InputRules.word(chain, "name");
          InputRules rules =
              InputRules.of(
                  list("rule", "list", "chain", family, table, name),
                  InputRules.word(chain, "policy").equals("drop"));
          if (rules.refusesTheRest()) {
            refusing.put(family + " " + table + " " + name, rules.allowed());
          }
        }
      }
    }
    return refusing.isEmpty() ? new Guard.None() : new Guard.Chains(refusing);
  }

  private List<JsonObject> list(String kind, String... arguments) throws CommandFailed {
    List<String> argv = new ArrayList<>(List.of("nft", "--json"));
    argv.addAll(List.of(arguments));
    String printed = commands.run(argv, "");
    try {
      List<JsonObject> found = new ArrayList<>();
      JsonArray all = JsonParser.parseString(printed).getAsJsonObject().getAsJsonArray("nftables");
      for (JsonElement each : all) {
        if (each.getAsJsonObject().get(kind) instanceof JsonObject object) {
          found.add(object);
        }
      }
      return found;
    } catch (JsonParseException | IllegalStateException e) {
      throw new CommandFailed(argv, "printed what is no ruleset", String.valueOf(e.getMessage()));
    }
  }
}
