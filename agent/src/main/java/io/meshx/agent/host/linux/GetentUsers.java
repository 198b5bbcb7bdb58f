// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.host.Users;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.UserName;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Users by way of {@code getent passwd}, which asks every source that the host has (files, SSSD,
 * LDAP, systemd).
 *
 * @see <a href="https://man7.org/linux/man-pages/man1/getent.1.html">getent(1)</a>
 */
public final class GetentUsers implements Users {
  /** One or more of the names were not found; those that were are printed all the same. */
  private static final int SOME_MISSING = 2;

  private final Commands commands;

  /**
   * Asks nothing yet.
   *
   * @param commands runs getent
   */
  public GetentUsers(Commands commands) {
    this.commands = commands;
  }

  @Override
  public SortedMap<UserName, User> lookUp(Set<UserName> names) throws CommandFailed {
    TreeMap<UserName, User> users = new TreeMap<>();
    // Without a name getent would print every user.
    if (names.isEmpty()) {
      return users;
    }
    ArrayList<String> argv = new ArrayList<>(List.of("getent", "passwd"));
    new TreeSet<>(names).forEach(name -> argv.add(name.text()));
    for (String line : entries(argv).lines().toList()) {
      List<String> fields = List.of(line.split(":", -1));
      for (UserName name : names) {
        if (name.text().equals(fields.getFirst())) {
          users.put(name, user(argv, line, fields));
        }
      }
    }
    return users;
  }

  private String entries(List<String> argv) throws CommandFailed {
    try {
      return commands.run(argv, "");
    } catch (CommandFailed e) {
      if (e.status() == SOME_MISSING) {
        return e.output();
      }
      throw e;
    }
  }

  private static User user(List<String> argv, String line, List<String> fields)
      throws CommandFailed {
    try {
      if (fields.size() > 3) {
        return new User(Integer.parseInt(fields.get(2)), Integer.parseInt(fields.get(3)));
      }
    } catch (NumberFormatException e) {
      throw new CommandFailed(argv, "printed '" + line + "'", String.valueOf(e.getMessage()));
    }
    throw new CommandFailed(argv, "printed '" + line + "'", "that is no entry of passwd(5)");
  }
}
