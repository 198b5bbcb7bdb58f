// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.vagrant;

import io.meshx.it.exec.LabException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** Which suites run on whole machines, by JUnit's console launcher, and how they ended. */
record Scenarios(List<String> suites) {
  /** Suites that run on hosts of any kind. */
  static final String ANY_HOST = "any-host";

  /** Suites of what only whole machines have. */
  static final String WHOLE_MACHINE = "whole-machine";

  Scenarios {
    suites = List.copyOf(suites);
  }

  /**
   * Those of a list with commas, in which {@code Suite#case} is one case and an asterisk any part
   * of a name; an empty one is all that have the tags.
   */
  static Scenarios named(String list) {
    return new Scenarios(list.isBlank() ? List.of() : List.of(list.strip().split(",", -1)));
  }

  /** The launcher's arguments: what to do with these. */
  List<String> arguments(String verb, String... options) {
    List<String> argv =
        new ArrayList<>(
            List.of(
                "org.junit.platform.console.ConsoleLauncher",
                verb,
                "--disable-banner",
                "--disable-ansi-colors",
                "--scan-classpath",
                "--include-tag=" + ANY_HOST + "|" + WHOLE_MACHINE));
    if (suites.isEmpty()) {
      argv.add("--include-classname=.*IT");
    }
    boolean cases = suites.stream().anyMatch(suite -> suite.contains("#"));
    for (String suite : suites) {
      String[] parts = suite.replace("*", ".*").split("#", 2);
      argv.add("--include-classname=.*\\." + parts[0]);
      if (cases) {
        argv.add(
            "--include-methodname=.*\\.%s(\\$.*)?#%s"
                .formatted(parts[0], parts.length > 1 ? parts[1] : ".*"));
      }
    }
    argv.addAll(List.of(options));
    return argv;
  }

  /** The launcher's reports as a table: each scenario, how it ended and after how many seconds. */
  static String table(Path reports) {
    File[] files = reports.toFile().listFiles((_, name) -> name.endsWith("jupiter.xml"));
    StringBuilder table = new StringBuilder();
    try {
      for (File file : files == null ? new File[0] : files) {
        var factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        NodeList cases = factory.newDocumentBuilder().parse(file).getElementsByTagName("testcase");
        for (int i = 0; i < cases.getLength(); i++) {
          table.append(row((Element) cases.item(i)));
        }
      }
    } catch (ParserConfigurationException | SAXException | IOException e) {
      throw new LabException("reading the reports in '" + reports + "'", e);
    }
    return table.toString();
  }

  private static String row(Element test) {
    String suite = test.getAttribute("classname");
    String outcome =
        test.getElementsByTagName("failure").getLength()
                    + test.getElementsByTagName("error").getLength()
                > 0
            ? "FAILED"
            : test.getElementsByTagName("skipped").getLength() > 0 ? "skipped" : "passed";
    return "%-7s %7.1f s  %s.%s%n"
        .formatted(
            outcome,
            Double.parseDouble(test.getAttribute("time")),
            suite.substring(suite.lastIndexOf('.') + 1),
            test.getAttribute("name"));
  }

  /** Writes a table where it stays. */
  static void keep(String table, Path file) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, table);
    } catch (IOException e) {
      throw new LabException("writing '" + file + "'", e);
    }
  }
}
