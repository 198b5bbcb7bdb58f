// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JoinFileTest {
  @TempDir private Path directory;

  private Path write(String text) throws Exception {
    Path file = directory.resolve(JoinFile.PLACE);
    Files.createDirectories(file.resolveSibling("."));
    return Files.writeString(file, text);
  }

  private static String body(JoinFile file) {
    return file.text().lines().skip(1).reduce("", (all, line) -> all + line + "\n");
  }

  @Test
  void nothingIsKnownBeforeTheFirstJoin() throws Exception {
    assertEquals("", body(JoinFile.read(directory)));
  }

  @Test
  void whatIsWrittenIsReadAgain() throws Exception {
    JoinFile file =
        JoinFile.read(directory)
            .withText("spire.server", "spire:8081")
            .withTexts("host.addresses", List.of("192.0.2.1", "2001:db8::1"))
            .withWritten("http.port", "80")
            .withText("host.name", "with \"quotes\" and \\");
    write(file.text());

    assertEquals(file.text(), JoinFile.read(directory).text());
  }

  @Test
  void laterValuesReplaceEarlierOnesAndOthersStay() throws Exception {
    write("spire.server = \"old:1\"\n[host]\nname = \"vm1\"\n");

    assertEquals(
        "host.name = \"vm1\"\nspire.server = \"new:2\"\n",
        body(JoinFile.read(directory).withText("spire.server", "new:2")));
  }

  @Test
  void keysAreTakenOut() throws Exception {
    write("a.b = \"1\"\na.c = \"2\"\n");

    assertEquals("a.c = \"2\"\n", body(JoinFile.read(directory).without("a.b"::equals)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "192.0.2.1            | \"192.0.2.1\"",
        "[\"10.0.0.0/8\"]     | [\"10.0.0.0/8\"]",
        "80                   | 80",
        "true                 | true",
        "\"80\"               | \"80\"",
        "60s                  | \"60s\"",
        "a \"b\"              | \"a \\\"b\\\"\"",
        "1 # a comment        | 1"
      })
  void valuesAreTomlOrElseStrings(String written, String kept) throws Exception {
    assertEquals("k = " + kept + "\n", body(JoinFile.read(directory).withWritten("k", written)));
  }

  @Test
  void aSecondLineInAValueIsNoSecondKey() throws Exception {
    assertEquals(
        1, body(JoinFile.read(directory).withWritten("k", "1\nspire.server = 2")).lines().count());
  }

  @Test
  void aFileThatIsNoTomlIsNotReplaced() throws Exception {
    Path file = write("a = \n");

    ConfigException refused = assertThrows(ConfigException.class, () -> JoinFile.read(directory));
    assertTrue(String.valueOf(refused.getMessage()).startsWith(file + ":1: "), refused::toString);
  }
}
