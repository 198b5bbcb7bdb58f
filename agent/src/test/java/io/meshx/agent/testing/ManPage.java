// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

/**
 * The text of a manual page.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/man.7.html">man(7)</a>
 */
public final class ManPage {
  private final StringBuilder text = new StringBuilder();

  /**
   * Begins a page.
   *
   * @param name of what it is about
   * @param section of the manual
   * @param summary one line
   */
  public ManPage(String name, int section, String summary) {
    text.append(".\\\" SPDX-License-Identifier: Apache-2.0\n")
        .append(".TH " + escaped(name) + " " + section + " \"\" \"meshx\\-agent\"\n");
    heading("NAME");
    text.append(escaped(name) + " \\- " + escaped(summary) + "\n");
  }

  /** Begins a section. */
  public ManPage heading(String name) {
    text.append(".SH \"" + escaped(name) + "\"\n");
    return this;
  }

  /** Begins a part of a section. */
  public ManPage part(String name) {
    text.append(".SS \"" + escaped(name) + "\"\n");
    return this;
  }

  /** Adds a paragraph. */
  public ManPage paragraph(String words) {
    text.append(".PP\n");
    return line(words);
  }

  /** Adds what is explained, in bold, and begins its explanation. */
  public ManPage term(String words) {
    text.append(".TP\n\\fB" + escaped(words) + "\\fR\n");
    return this;
  }

  /** Adds a line of running text. */
  public ManPage line(String words) {
    text.append(escaped(words) + "\n");
    return this;
  }

  /** Adds lines as they are. */
  public ManPage example(String lines) {
    text.append(".PP\n.nf\n");
    lines.lines().forEach(this::line);
    text.append(".fi\n");
    return this;
  }

  private static String escaped(String words) {
    String safe = words.replace("\\", "\\e").replace("-", "\\-").replace("\"", "\\(dq");
    return safe.startsWith(".") || safe.startsWith("'") ? "\\&" + safe : safe;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
