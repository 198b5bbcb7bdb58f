// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.host.Users.User;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.UserName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GetentUsersTest {
  private static final UserName ROOT = new UserName("root");
  private static final UserName DAEMON = new UserName("daemon");
  private static final UserName MISSING = new UserName("meshx-no-such");

  private final Commands host = new HostCommands(Duration.ofSeconds(30));

  @Test
  void usersOfThisHostAreFound() throws HostException {
    assertEquals(
        Map.of(ROOT, new User(0, 0), DAEMON, new User(1, 1)),
        new GetentUsers(host).lookUp(Set.of(ROOT, DAEMON)));
  }

  @Test
  void usersThatAreMissingAreLeftOut() throws HostException {
    assertEquals(Map.of(ROOT, new User(0, 0)), new GetentUsers(host).lookUp(Set.of(MISSING, ROOT)));
    assertEquals(Map.of(), new GetentUsers(host).lookUp(Set.of(MISSING)));
  }

  @Test
  void nobodyIsLookedUpWithoutACommand() throws HostException {
    assertEquals(Map.of(), new GetentUsers((argv, _) -> fail("ran " + argv)).lookUp(Set.of()));
  }

  @Test
  void oneCommandAsksForAll(@TempDir Path etc) throws HostException {
    Commands commands =
        (argv, _) -> {
          assertEquals(List.of("getent", "passwd", "daemon", "root"), argv);
          return "root:x:0:5::/:\ndaemon:x:1:6::/:\nother:x:7:7::/:\n";
        };

    assertEquals(
        Map.of(ROOT, new User(0, 5), DAEMON, new User(1, 6)),
        new GetentUsers(commands, etc).lookUp(Set.of(ROOT, DAEMON)));
  }

  @Test
  void usersOfTheFileCostNoCommandWhereItIsTheFirstSource(@TempDir Path etc) throws Exception {
    write(etc, "passwd:         files systemd sss");

    assertEquals(
        Map.of(ROOT, new User(0, 5)),
        new GetentUsers((argv, _) -> fail("ran " + argv), etc).lookUp(Set.of(ROOT)));
  }

  @Test
  void commandIsAskedForThoseThatTheFileDoesNotHave(@TempDir Path etc) throws Exception {
    write(etc, "passwd: files");
    Commands commands =
        (argv, _) -> {
          assertEquals(List.of("getent", "passwd", "broken", "daemon"), argv);
          return "broken:x:8:8::/:\ndaemon:x:1:6::/:\n";
        };
    UserName broken = new UserName("broken");

    assertEquals(
        Map.of(ROOT, new User(0, 5), DAEMON, new User(1, 6), broken, new User(8, 8)),
        new GetentUsers(commands, etc).lookUp(Set.of(ROOT, DAEMON, broken)));
  }

  @Test
  void fileIsNotAskedWhereAnotherSourceComesFirstOrARuleMayPassOverIt(@TempDir Path etc)
      throws Exception {
    for (String passwd :
        List.of(
            "passwd: sss files",
            "passwd: compat",
            "passwd: files [success=continue] sss",
            "passwd: files\npasswd: sss",
            "# passwd: files",
            "group: files")) {
      write(etc, passwd);

      assertEquals(
          Map.of(ROOT, new User(7, 7)),
          new GetentUsers((_, _) -> "root:x:7:7::/:\n", etc).lookUp(Set.of(ROOT)),
          passwd);
    }
  }

  private static void write(Path etc, String passwd) throws IOException {
    Files.writeString(etc.resolve("nsswitch.conf"), passwd + "\n");
    Files.writeString(
        etc.resolve("passwd"),
        "other:x:9:9:J\u00fcrgen:/:\nbroken:x:eight:8::/:\nroot:x:0:5::/:\nroot:x:3:3::/:\n",
        StandardCharsets.ISO_8859_1);
  }

  @Test
  void otherFailuresAreReported(@TempDir Path etc) {
    Commands commands =
        (argv, _) -> {
          throw new CommandFailed(argv, 1, "", "broken");
        };

    assertThrows(CommandFailed.class, () -> new GetentUsers(commands, etc).lookUp(Set.of(ROOT)));
  }

  @Test
  void linesThatAreNoEntriesAreReported(@TempDir Path etc) {
    for (String line : List.of("root", "root:x:0", "root:x:zero:0::/:", "root:x:0:4294967295:::")) {
      assertThrows(
          CommandFailed.class,
          () -> new GetentUsers((_, _) -> line + "\n", etc).lookUp(Set.of(ROOT)),
          line);
    }
  }
}
