// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tests that SECURITY.md names are there. */
final class SecurityDocumentTest {
  private static final Path DOCUMENT = Path.of("../SECURITY.md");
  private static final List<Path> TESTS =
      List.of(Path.of("src/test/java"), Path.of("../agent/src/test/java"));
  private static final Pattern HAZARD = Pattern.compile("(?m)^\\| (\\d+) \\|.*$");
  private static final Pattern NAMED = Pattern.compile("`(\\w+(?:IT|Test|Cases))\\.(\\w+)`");

  @Test
  void eachHazardNamesATestThatThereIs() throws IOException {
    List<String> hazards =
        HAZARD.matcher(Files.readString(DOCUMENT)).results().map(MatchResult::group).toList();
    assertEquals(15, hazards.size());
    for (String hazard : hazards) {
      assertTrue(NAMED.matcher(hazard).find(), hazard);
    }
    for (MatchResult test : NAMED.matcher(Files.readString(DOCUMENT)).results().toList()) {
      Optional<Path> source = source(test.group(1) + ".java");
      assertTrue(source.isPresent(), test.group(1));
      assertTrue(Files.readString(source.get()).contains(" " + test.group(2) + "("), test::group);
    }
  }

  private static Optional<Path> source(String name) throws IOException {
    for (Path root : TESTS) {
      try (Stream<Path> files = Files.walk(root)) {
        Optional<Path> found = files.filter(file -> file.endsWith(name)).findFirst();
        if (found.isPresent()) {
          return found;
        }
      }
    }
    return Optional.empty();
  }
}
