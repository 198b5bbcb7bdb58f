// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The words of a line as iptables-save writes and iptables-restore reads them. Some versions quote
 * every comment, others only those with a blank; split and joined again, both are the same text.
 *
 * @see <a href="https://git.netfilter.org/iptables/tree/iptables/xshared.c">add_param_to_argv</a>
 */
final class RuleText {
  private static final Pattern PLAIN = Pattern.compile("[^\\s\"'\\\\]+");

  private RuleText() {}

  /** Splits at blanks; within double quotes a backslash takes the next character as it is. */
  static List<String> words(String line) {
    ArrayList<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean quoted = false;
    boolean escaped = false;
    boolean begun = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (escaped) {
        word.append(c);
        escaped = false;
      } else if (quoted && c == '\\') {
        escaped = true;
      } else if (c == '"') {
        quoted = !quoted;
        begun = true;
      } else if (!quoted && Character.isWhitespace(c)) {
        if (begun) {
          words.add(word.toString());
          word.setLength(0);
          begun = false;
        }
      } else {
        word.append(c);
        begun = true;
      }
    }
    if (begun) {
      words.add(word.toString());
    }
    return words;
  }

  /** Joins words so that {@link #words} gives them back; quotes only where it must. */
  static String join(List<String> words) {
    return words.stream()
        .map(word -> PLAIN.matcher(word).matches() ? word : quote(word))
        .collect(Collectors.joining(" "));
  }

  private static String quote(String word) {
    return '"' + word.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /** The chain or target that a rule goes to, or "" if it only counts. */
  static String target(List<String> words) {
    for (int i = 0; i + 1 < words.size(); i++) {
      String word = words.get(i);
      if (word.equals("-j") || word.equals("-g")) {
        return words.get(i + 1);
      }
      if (word.equals("--comment")) {
        i++;
      }
    }
    return "";
  }
}
