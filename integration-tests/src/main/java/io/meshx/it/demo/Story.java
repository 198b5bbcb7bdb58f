// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.demo;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the demonstration prints: every line with the seconds since its begin, folded at 96 columns,
 * headings in bold where the output is a terminal. While it is open, what the lab itself prints
 * gets the same form.
 */
final class Story implements AutoCloseable {
  private static final int WIDTH = 96;
  private static final int MARGIN = 9;
  private static final String BLANK = " ".repeat(MARGIN);

  private final PrintStream out =
      new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
  private final PrintStream before = System.out;
  private final boolean terminal =
      Optional.ofNullable(System.console()).map(Console::isTerminal).orElse(false);
  private final long began = System.nanoTime();
  private int chapter;

  private Story() {}

  /** Begins a story; the clock starts. */
  static Story begin() {
    Story story = new Story();
    System.setOut(story.new Lines());
    return story;
  }

  /** Lines that others print to standard output. */
  private final class Lines extends PrintStream {
    Lines() {
      super(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
    }

    @Override
    public void println(String line) {
      line(line);
    }
  }

  /** A new part, with a number. */
  synchronized void chapter(String title) {
    chapter++;
    String text = chapter + ". " + title;
    out.println();
    out.println(BLANK + (terminal ? "\u001b[1m" + text + "\u001b[0m" : text));
  }

  /** One thing that happened just now. */
  synchronized void line(String text) {
    print("%6.2f s ".formatted((System.nanoTime() - began) / 1e9), text);
  }

  /** Something to read, without a time. */
  synchronized void text(String text) {
    text.lines().forEach(line -> print(BLANK, line));
  }

  /** A command as a user types it, and then what it printed. */
  synchronized void command(String where, String command, String printed) {
    line(where + "# " + command);
    text(printed.indent(2));
  }

  /** What somebody else has written, line by line as it is. */
  synchronized void raw(String text) {
    out.print(text);
  }

  private void print(String margin, String line) {
    List<String> parts = fold(line);
    out.println((margin + parts.getFirst()).stripTrailing());
    parts.stream().skip(1).forEach(part -> out.println(BLANK + part));
  }

  /** Splits a line at blanks; what follows the first part is indented a little more than it. */
  static List<String> fold(String line) {
    int room = WIDTH - MARGIN;
    int indent = line.length() - line.stripLeading().length();
    List<String> parts = new ArrayList<>();
    String rest = line;
    while (rest.length() > room) {
      int cut = rest.lastIndexOf(' ', room);
      if (cut <= indent + 4) {
        break; // One word longer than the line stays whole: it may be there to be copied.
      }
      parts.add(rest.substring(0, cut));
      rest = " ".repeat(indent + 4) + rest.substring(cut + 1);
    }
    parts.add(rest);
    return parts;
  }

  @Override
  public void close() {
    System.setOut(before);
  }
}
