// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.testing.ManPage;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Writes the manual pages of the configuration from the tables of keys. */
final class KeysPage {
  private final ManPage page;
  private final Function<String, Optional<String>> words;

  private KeysPage(ManPage page, Function<String, Optional<String>> words) {
    this.page = page;
    this.words = words;
  }

  static String agent(Function<String, Optional<String>> words) {
    ManPage page = new ManPage("agent.toml", 5, "configuration of meshx-agent");
    page.heading("SYNOPSIS")
        .paragraph("/etc/meshx-agent/agent.toml")
        .paragraph("/etc/meshx-agent/conf.d/*.toml");
    page.heading("DESCRIPTION")
        .paragraph(
            "How this host joins a Linkerd mesh, in TOML. Files in conf.d are read after agent.toml,"
                + " in the order of their names, and may add or replace single keys. Relative paths"
                + " start in /etc/meshx-agent. An unknown key is an error; meshx config validate says"
                + " everything that is wrong, with file and line, and nothing is touched meanwhile."
                + " A running agent takes up a change by itself.");
    return new KeysPage(page, words).all(AgentKeys.ALL, "workload.toml(5)");
  }

  static String workload(Function<String, Optional<String>> words) {
    ManPage page = new ManPage("workload.toml", 5, "a workload of meshx-agent");
    page.heading("SYNOPSIS").paragraph("/etc/meshx-agent/workloads/NAME.toml");
    page.heading("DESCRIPTION")
        .paragraph(
            "A process of this host that is a member of the mesh, in TOML. A file that is put there"
                + " joins the workload NAME, removing it makes the workload leave; meshx status says"
                + " what it waits for. An example with every key is"
                + " /usr/share/doc/meshx-agent/examples/web.toml.example.");
    return new KeysPage(page, words).all(WorkloadKeys.ALL, "agent.toml(5)");
  }

  private String all(List<Key<?>> keys, String other) {
    page.heading("KEYS");
    String section = "";
    for (Key<?> key : keys) {
      String own = key.name().contains(".") ? Names.first(key.name()) : "";
      if (!own.equals(section)) {
        section = own;
        if (!own.isEmpty()) {
          page.part("[" + own + "]").line(ConfText.section(own));
        }
      }
      switch (key.name()) {
        case "port" -> tables(key, PortsForm.ALL);
        case "probe" -> tables(key, ProbesForm.ALL);
        default -> key(key);
      }
    }
    page.heading("SEE ALSO").paragraph("meshx(8), meshx-agent(8), " + other);
    return page.toString();
  }

  private void tables(Key<?> key, List<Key<?>> members) {
    page.part("[[" + key.name() + "]]").line(key.doc() + " Once for each.");
    members.forEach(this::key);
  }

  private void key(Key<?> key) {
    page.term(key.name()).line(key.doc());
    page.line("Allowed: " + key.form().allowed() + ".");
    key.when()
        .ifPresent(
            when -> page.line("Only with " + when.key().name() + " = \"" + when.value() + "\"."));
    page.line(
        switch (key.standard()) {
          case Key.Standard.Required required ->
              "Required"
                  + (required.unless().isEmpty() ? "" : " unless there is " + required.unless())
                  + "; such as "
                  + required.example()
                  + ".";
          case Key.Standard.None none -> "Such as " + none.example() + ".";
          case Key.Standard.Text _,
              Key.Standard.Texts _,
              Key.Standard.Wholes _,
              Key.Standard.Whole _ ->
              "Default: " + ConfText.value(key.standard(), words) + ".";
        });
  }
}
