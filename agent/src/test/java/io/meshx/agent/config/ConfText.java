// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Writes the commented files of conf/ from the tables of keys. */
final class ConfText {
  private static final int WIDTH = 98;
  private static final Map<String, String> SECTIONS =
      Map.ofEntries(
          Map.entry("mesh", "The mesh that this host joins."),
          Map.entry("host", "This host."),
          Map.entry("spire", "Where the identities come from."),
          Map.entry(
              "network",
              "The way to the cluster. Leave it out if the host has routes and DNS already."),
          Map.entry("components", "The programs that the agent runs and does not bring."),
          Map.entry("metrics", "The agent's own metrics."),
          Map.entry("firewall", "How the host's packet filter is used."),
          Map.entry("kubernetes", "The cluster that is told of the workloads, if it is to be."),
          Map.entry("process", "What runs."),
          Map.entry("limits", "What a process of ours may use."),
          Map.entry("sandbox", "What a process of ours may see and do."),
          Map.entry("proxy", "The workload's Linkerd proxy."),
          Map.entry("svid", "An SVID for the workload itself, in files."),
          Map.entry("intercept", "How the workload's traffic is taken through the proxy."));

  private final StringBuilder text = new StringBuilder();
  private final Function<String, Optional<String>> words;

  private ConfText(Function<String, Optional<String>> words) {
    this.words = words;
  }

  static String agent(Function<String, Optional<String>> words) {
    ConfText conf = new ConfText(words);
    conf.comment(
        "/etc/meshx-agent/agent.toml: how this host joins the mesh.",
        "",
        "Every key is here with its default, commented out; required ones with an example. Files"
            + " conf.d/*.toml beside this one are read after it, in the order of their names, and"
            + " may add or replace single keys. Relative paths start in this directory. Each"
            + " workload has a file of its own, workloads/NAME.toml.",
        "`meshx config validate` tells everything that is wrong, with file and line.");
    conf.keys(AgentKeys.ALL, false);
    return conf.text.toString();
  }

  static String workload(Function<String, Optional<String>> words) {
    ConfText conf = new ConfText(words);
    conf.comment(
        "Copy this file to /etc/meshx-agent/workloads/NAME.toml: the workload NAME joins the mesh."
            + " Remove the file, and it leaves.",
        "",
        "Required keys are set to an example; every other key is here with its default, commented"
            + " out.");
    conf.keys(WorkloadKeys.ALL, true);
    return conf.text.toString();
  }

  private void keys(List<Key<?>> keys, boolean examplesHold) {
    String section = "";
    for (Key<?> key : keys) {
      String own = key.name().contains(".") ? Names.first(key.name()) : "";
      if (!own.equals(section)) {
        section = own;
        if (!own.isEmpty()) {
          text.append('\n');
          comment(section(own));
          text.append('[').append(own).append("]\n");
        }
      }
      text.append('\n');
      if (key.name().equals("port")) {
        ports(key);
      } else if (key.name().equals("probe")) {
        probes(key);
      } else {
        key(key, examplesHold);
      }
    }
  }

  private void key(Key<?> key, boolean examplesHold) {
    boolean required = key.standard() instanceof Key.Standard.Required;
    String doc = key.doc();
    if (key.when().isPresent()) {
      Key.Condition when = key.when().get();
      doc += " Only with " + when.key().name() + " = \"" + when.value() + "\".";
    }
    if (required) {
      doc += " Required.";
    }
    comment(doc);
    String leaf = key.name().substring(key.name().indexOf('.') + 1);
    text.append(required && examplesHold ? "" : "#")
        .append(leaf)
        .append(" = ")
        .append(value(key.standard()))
        .append('\n');
  }

  private void ports(Key<?> key) {
    comment(key.doc() + " Once for each port.");
    text.append("[[port]]\n");
    PortsForm.ALL.forEach(each -> key(each, true));
  }

  private void probes(Key<?> key) {
    comment(key.doc() + " Once for each, with one of tcp, http, grpc, exec and unit.");
    for (Key<?> each : ProbesForm.ALL) {
      if (ProbesForm.NOT_WITH_TCP.contains(each)) {
        comment(each.name() + " = " + value(each.standard()) + " - " + each.doc());
      }
    }
    text.append("#[[probe]]\n");
    for (Key<?> each : ProbesForm.ALL) {
      if (!ProbesForm.NOT_WITH_TCP.contains(each)) {
        key(each, false);
      }
    }
  }

  private String value(Key.Standard standard) {
    return value(standard, words);
  }

  /** A default or an example as TOML. */
  static String value(Key.Standard standard, Function<String, Optional<String>> words) {
    return switch (standard) {
      case Key.Standard.Required required -> required.example();
      case Key.Standard.None none -> none.example();
      case Key.Standard.Text plain -> quoted(plain.template(), words);
      case Key.Standard.Texts texts ->
          array(texts.texts().stream().map(text -> quoted(text, words)).toList());
      case Key.Standard.Wholes wholes ->
          array(wholes.numbers().stream().map(String::valueOf).toList());
      case Key.Standard.Whole whole -> Long.toString(whole.number());
    };
  }

  /** What a table of keys is about. */
  static String section(String name) {
    return Optional.ofNullable(SECTIONS.get(name)).orElseThrow();
  }

  private static String array(List<String> elements) {
    return elements.stream().collect(Collectors.joining(", ", "[", "]"));
  }

  private static String quoted(String template, Function<String, Optional<String>> words) {
    String filled =
        Pattern.compile("<([a-z_.]+)>")
            .matcher(template)
            .replaceAll(word -> words.apply(word.group(1)).orElseThrow());
    return '"' + filled + '"';
  }

  private void comment(String... paragraphs) {
    for (String paragraph : paragraphs) {
      StringBuilder line = new StringBuilder("#");
      for (String word : paragraph.split(" ", -1)) {
        if (line.length() + 1 + word.length() > WIDTH) {
          text.append(line).append('\n');
          line = new StringBuilder("#");
        }
        if (!word.isEmpty()) {
          line.append(' ').append(word);
        }
      }
      text.append(line).append('\n');
    }
  }
}
