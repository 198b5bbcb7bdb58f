// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.host.Users;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.UserName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Users as the host's name service gives them. Those in {@code /etc/passwd} are read there if that
 * is the service's first source, which costs no process; for the others {@code getent passwd} asks
 * every source that the host has (SSSD, LDAP, systemd).
 *
 * @see <a href="https://man7.org/linux/man-pages/man1/getent.1.html">getent(1)</a>
 * @see <a href="https://man7.org/linux/man-pages/man5/nsswitch.conf.5.html">nsswitch.conf(5)</a>
 */
public final class GetentUsers implements Users {
  /** One or more of the names were not found; those that were are printed all the same. */
  private static final int SOME_MISSING = 2;

  private static final Path ETC = Path.of("/etc");

  /** What follows the first source, in brackets, would be a rule for when it is not the last. */
  private static final Pattern FILES_FIRST = Pattern.compile("\\s*passwd:\\s*files(\\s+[^\\[]*)?");

  private final Commands commands;
  private final Path passwd;
  private final Path nsswitch;

  /**
   * Asks nothing yet.
   *
   * @param commands runs getent
   */
  public GetentUsers(Commands commands) {
    this(commands, ETC);
  }

  GetentUsers(Commands commands, Path etc) {
    this.commands = commands;
    this.passwd = etc.resolve("passwd");
    this.nsswitch = etc.resolve("nsswitch.conf");
  }

  @Override
  public SortedMap<UserName, User> lookUp(Set<UserName> names) throws HostException {
    TreeMap<UserName, User> users = new TreeMap<>();
    if (!names.isEmpty() && filesFirst()) {
      for (String line : read(passwd)) {
        List<String> fields = fields(line);
        // A line that is no entry is not one for the name service either.
        Optional<UserName> name = named(fields, names);
        if (name.isPresent()) {
          user(fields).ifPresent(user -> users.putIfAbsent(name.get(), user));
        }
      }
    }
    TreeSet<UserName> others = new TreeSet<>(names);
    others.removeAll(users.keySet());
    // Without a name getent would print every user.
    if (!others.isEmpty()) {
      ArrayList<String> argv = new ArrayList<>(List.of("getent", "passwd"));
      others.forEach(name -> argv.add(name.text()));
      for (String line : entries(argv).lines().toList()) {
        Optional<UserName> name = named(fields(line), others);
        if (name.isPresent()) {
          users.put(
              name.get(),
              user(fields(line))
                  .orElseThrow(() ->
                      new CommandFailed(
                          argv, "printed '" + line + "'", "that is no entry of passwd(5)")));
        }
      }
    }
    return users;
  }

  private static List<String> fields(String line) {
    return List.of(line.split(":", -1));
  }

  private static Optional<UserName> named(List<String> fields, Set<UserName> names) {
    return names.stream().filter(name -> name.text().equals(fields.getFirst())).findFirst();
  }

  private static Optional<User> user(List<String> fields) {
    try {
      return fields.size() > 3
          ? Optional.of(new User(Integer.parseInt(fields.get(2)), Integer.parseInt(fields.get(3))))
          : Optional.empty();
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }

  private boolean filesFirst() throws FileFailed {
    List<String> passwdLines =
        read(nsswitch).stream().filter(line -> line.strip().startsWith("passwd:")).toList();
    return passwdLines.size() == 1 && FILES_FIRST.matcher(passwdLines.getFirst()).matches();
  }

  private static List<String> read(Path file) throws FileFailed {
    try {
      // Whatever encoding the names of people are in: those of users are ASCII.
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new FileFailed("reading '" + file + "'", e.toString(), e);
    }
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
}
