// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.model.HostException.CommandFailed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HostCommandsTest {
  private final Commands commands = new HostCommands(Duration.ofSeconds(30));
  private final Commands impatient = new HostCommands(Duration.ofSeconds(1));

  @Test
  void outputIsGivenBack() throws CommandFailed {
    assertEquals("a b\n", commands.run("echo", "a b"));
  }

  @Test
  void inputIsRead() throws CommandFailed {
    assertEquals("ä\nb", commands.run(List.of("cat"), "ä\nb"));
  }

  @Test
  void moreThanAPipeHoldsGoesInAndOutAndToTheError() throws CommandFailed {
    String much = "0123456789abcde\n".repeat(100_000);

    assertEquals(much, commands.run(List.of("tee", "/dev/stderr"), much));
  }

  @Test
  void inputThatNobodyReadsIsNoFailure() throws CommandFailed {
    assertEquals("", commands.run(List.of("true"), "x".repeat(1_000_000)));
  }

  @Test
  void environmentIsTheSystemsOwn() throws CommandFailed {
    assertEquals(
        "LC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n",
        commands.run(List.of("sort"), commands.run("env")));
    assertEquals("/\n", commands.run("pwd"));
  }

  @Test
  void otherStatusThanZeroFailsWithWhatItPrinted() {
    CommandFailed failure =
        assertThrows(
            CommandFailed.class, () -> commands.run("sh", "-c", "echo out; echo bad >&2; exit 3"));

    assertEquals(3, failure.status());
    assertEquals("out\n", failure.output());
    assertEquals("bad\n", failure.error());
    assertEquals(
        "running 'sh -c echo out; echo bad >&2; exit 3' ended with status 3: bad",
        failure.getMessage());
  }

  @Test
  void longErrorKeepsItsEnd() {
    CommandFailed failure =
        assertThrows(
            CommandFailed.class,
            () -> commands.run(List.of("sh", "-c", "cat >&2; exit 1"), "x".repeat(9000) + "end"));

    assertEquals(2000, failure.error().length());
    assertTrue(failure.error().endsWith("xend"));
  }

  @Test
  void programThatIsNotThereFailsWithTheDirectories() {
    CommandFailed failure =
        assertThrows(CommandFailed.class, () -> commands.run("meshx-no-such-program"));

    assertEquals(-1, failure.status());
    assertEquals(
        "running 'meshx-no-such-program' could not be started: no program"
            + " 'meshx-no-such-program' in /usr/sbin, /usr/bin, /sbin, /bin",
        failure.getMessage());
  }

  @Test
  void fileThatIsNoProgramCannotBeStarted(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("text"), "text");
    CommandFailed failure = assertThrows(CommandFailed.class, () -> commands.run(file.toString()));

    assertTrue(failure.toString().contains("could not be started"), failure.toString());
  }

  @Test
  void prefixIsPutBeforeTheCommand() throws CommandFailed {
    Commands prefixed =
        new HostCommands(Duration.ofSeconds(30), List.of("env", "MESHX_A=1", "nice"));

    assertTrue(prefixed.run("env").lines().anyMatch("MESHX_A=1"::equals));
  }

  @Test
  void commandThatTakesTooLongIsKilled(@TempDir Path directory) throws Exception {
    Path pid = directory.resolve("pid");
    CommandFailed failure =
        assertThrows(
            CommandFailed.class,
            () -> impatient.run("sh", "-c", "echo $$ > " + pid + "; exec sleep 300"));

    assertTrue(failure.toString().endsWith("took longer than 1000 ms"), failure.toString());
    if (Files.exists(pid)) {
      assertEnded(Long.parseLong(Files.readString(pid).strip()));
    }
  }

  @Test
  void childLeftBehindWithAPipeOpenIsNotWaitedFor(@TempDir Path directory) throws Exception {
    Path pid = directory.resolve("pid");
    try {
      // Whether it is given back or ends by the timeout depends on which of two threads of the
      // runtime is first; either way the child goes on.
      impatient.run("sh", "-c", "setsid sleep 300 & echo $! > " + pid + "; exit 0");
    } catch (CommandFailed failure) {
      assertTrue(failure.toString().endsWith("took longer than 1000 ms"), failure.toString());
    }
    ProcessHandle child =
        ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow();
    assertTrue(child.isAlive());
    child.destroyForcibly();
  }

  @Test
  void interruptEndsTheCommandAndStaysSet() throws Exception {
    FutureTask<Boolean> task =
        new FutureTask<>(() -> {
          Thread.currentThread().interrupt();
          assertThrows(CommandFailed.class, () -> commands.run("sleep", "300"));
          return Thread.interrupted();
        });
    Thread.ofVirtual().start(task);

    assertTrue(task.get());
  }

  @Test
  void commandsTogetherGiveTheirOutputsInOrder() throws CommandFailed {
    ArrayList<List<String>> argvs = new ArrayList<>();
    ArrayList<String> expected = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      argvs.add(List.of("echo", Integer.toString(i)));
      expected.add(i + "\n");
    }

    assertEquals(expected, commands.runTogether(argvs));
  }

  @Test
  void commandsTogetherRunAtTheSameTime(@TempDir Path directory) throws CommandFailed {
    String pipe = directory.resolve("pipe").toString();
    commands.run("mkfifo", pipe);

    // Each end of a named pipe waits for the other.
    assertEquals(
        List.of("met\n", ""),
        commands.runTogether(
            List.of(List.of("cat", pipe), List.of("sh", "-c", "echo met > " + pipe))));
  }

  @Test
  void firstFailureOfCommandsTogetherKeepsTheOthers() {
    CommandFailed failure =
        assertThrows(
            CommandFailed.class,
            () ->
                commands.runTogether(
                    List.of(
                        List.of("true"),
                        List.of("sh", "-c", "exit 4"),
                        List.of("sh", "-c", "exit 5"))));

    assertEquals(4, failure.status());
    assertEquals(1, failure.getSuppressed().length);
  }

  private static void assertEnded(long pid) throws Exception {
    ProcessHandle.of(pid).ifPresent(process -> assertFalse(process.onExit().join().isAlive()));
  }
}
