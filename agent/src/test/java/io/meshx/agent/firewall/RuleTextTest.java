// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.firewall;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

final class RuleTextTest {
  @Test
  void wordsAreSplitAtBlanksOutsideOfQuotes() {
    assertEquals(
        List.of("-A", "OUTPUT", "--comment", "it's \"a\" \\ b", "", "-j", "RETURN"),
        RuleText.words("-A  OUTPUT --comment \"it\\'s \\\"a\\\" \\\\ b\" \"\" -j RETURN "));
  }

  @Test
  void joinedWordsAreSplitToTheSame() {
    List<String> words = List.of("!", "-d", "127.0.0.0/8", "a b", "it's", "\"", "\\", "", "x");

    assertEquals(words, RuleText.words(RuleText.join(words)));
  }

  @Test
  void targetIsWhereTheRuleGoesNotWhatItsCommentSays() {
    assertEquals("B", RuleText.target(List.of("--comment", "-j", "-g", "B")));
    assertEquals("A", RuleText.target(List.of("-o", "lo", "-j", "A", "--to-ports", "1")));
    assertEquals("", RuleText.target(List.of("-p", "tcp", "-j")));
  }
}
