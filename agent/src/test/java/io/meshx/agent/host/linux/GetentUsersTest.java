// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.host.Users.User;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.UserName;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class GetentUsersTest {
  private static final UserName ROOT = new UserName("root");
  private static final UserName DAEMON = new UserName("daemon");
  private static final UserName MISSING = new UserName("meshx-no-such");

  private final Commands host = new HostCommands(Duration.ofSeconds(30));

  @Test
  void usersOfThisHostAreFound() throws CommandFailed {
    assertEquals(
        Map.of(ROOT, new User(0, 0), DAEMON, new User(1, 1)),
        new GetentUsers(host).lookUp(Set.of(ROOT, DAEMON)));
  }

  @Test
  void usersThatAreMissingAreLeftOut() throws CommandFailed {
    assertEquals(Map.of(ROOT, new User(0, 0)), new GetentUsers(host).lookUp(Set.of(MISSING, ROOT)));
    assertEquals(Map.of(), new GetentUsers(host).lookUp(Set.of(MISSING)));
  }

  @Test
  void nobodyIsLookedUpWithoutACommand() throws CommandFailed {
    assertEquals(Map.of(), new GetentUsers((argv, _) -> fail("ran " + argv)).lookUp(Set.of()));
  }

  @Test
  void oneCommandAsksForAll() throws CommandFailed {
    Commands commands =
        (argv, _) -> {
          assertEquals(List.of("getent", "passwd", "daemon", "root"), argv);
          return "root:x:0:5::/:\ndaemon:x:1:6::/:\nother:x:7:7::/:\n";
        };

    assertEquals(
        Map.of(ROOT, new User(0, 5), DAEMON, new User(1, 6)),
        new GetentUsers(commands).lookUp(Set.of(ROOT, DAEMON)));
  }

  @Test
  void otherFailuresAreReported() {
    Commands commands =
        (argv, _) -> {
          throw new CommandFailed(argv, 1, "", "broken");
        };

    assertThrows(CommandFailed.class, () -> new GetentUsers(commands).lookUp(Set.of(ROOT)));
  }

  @Test
  void linesThatAreNoEntriesAreReported() {
    for (String line : List.of("root", "root:x:0", "root:x:zero:0::/:", "root:x:0:4294967295:::")) {
      assertThrows(
          CommandFailed.class,
          () -> new GetentUsers((_, _) -> line + "\n").lookUp(Set.of(ROOT)),
          line);
    }
  }
}
