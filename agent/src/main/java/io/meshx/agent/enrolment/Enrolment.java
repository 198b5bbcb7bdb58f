// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.enrolment;

import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.config.ConfigReader;
import io.meshx.agent.config.JoinFile;
import io.meshx.agent.config.Problem;
import io.meshx.agent.exec.Commands;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.UserName;
import io.meshx.agent.unit.OurUnits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What {@code meshx join} and {@code meshx leave} change: files of their own, and the agent's unit.
 */
public final class Enrolment {
  private static final UserName ROOT = new UserName("root");

  /** How long redirect rules of a first join are on trial. */
  private static final String TRIAL = "60s";

  private final HostFiles files;
  private final Commands commands;
  private final ConfigReader reader;
  private final Path directory;
  private final Function<HostPort, Optional<IpAddress>> localAddress;

  /**
   * A configuration that was written.
   *
   * @param config as the agent reads it
   * @param onTrial whether its redirect rules are on trial because of this join
   */
  public record Written(AgentConfig config, boolean onTrial) {}

  /**
   * Touches nothing yet.
   *
   * @param files of the host
   * @param commands of the host
   * @param reader of the configuration
   * @param directory with the configuration
   * @param localAddress the address of this host from which it reaches another one
   */
  public Enrolment(
      HostFiles files,
      Commands commands,
      ConfigReader reader,
      Path directory,
      Function<HostPort, Optional<IpAddress>> localAddress) {
    this.files = files;
    this.commands = commands;
    this.reader = reader;
    this.directory = directory;
    this.localAddress = localAddress;
  }

  /**
   * Writes what was said, if the configuration is right with it; else all is as before.
   *
   * @param trial whether the redirect rules are to be on trial, unless the configuration says more
   * @throws ConfigException if the configuration is wrong with it
   * @throws HostException if a file cannot be written
   */
  public Written write(Options options, boolean trial) throws ConfigException, HostException {
    Map<Path, Optional<String>> before = ours();
    boolean kept = false;
    try {
      copy(Options.BUNDLE, options.trustBundle());
      copy(Options.ANCHORS, options.trustAnchors());
      copy(Options.TOKEN, options.token());
      JoinFile file = options.file(JoinFile.read(directory));
      write(file);
      AgentConfig config;
      try {
        config = reader.read(directory);
      } catch (ConfigException e) {
        file = fill(e.problems(), options, file);
        write(file);
        config = reader.read(directory);
      }
      boolean onTrial = trial && config.packetFilter().confirmWithin().isEmpty();
      if (onTrial) {
        write(file.withText(Options.CONFIRM_WITHIN, TRIAL));
        config = reader.read(directory);
      }
      kept = true;
      return new Written(config, onTrial);
    } finally {
      if (!kept) {
        putBack(before);
      }
    }
  }

  /** What nobody has said and what can be found out. */
  private JoinFile fill(List<Problem> problems, Options options, JoinFile file) {
    JoinFile filled = file;
    for (Problem problem : problems) {
      if (problem.missing() && problem.key().equals(Options.TRUST_ANCHORS)) {
        filled =
            options.trustBundle().isPresent()
                ? filled.withText(Options.TRUST_ANCHORS, Options.BUNDLE.toString())
                : filled;
      }
      if (problem.missing() && problem.key().equals(Options.ADDRESSES)) {
        Optional<IpAddress> own = options.server().flatMap(localAddress);
        filled =
            own.isPresent()
                ? filled.withTexts(Options.ADDRESSES, List.of(own.get().toString()))
                : filled;
      }
    }
    return filled;
  }

  /**
   * Ends the trial that {@link #write} began: later changes are not on trial.
   *
   * @throws ConfigException if somebody has made something else of the file
   * @throws HostException if it cannot be written
   */
  public void endTrial() throws ConfigException, HostException {
    write(JoinFile.read(directory).without(Options.CONFIRM_WITHIN::equals));
  }

  /**
   * Has systemd start the agent now and at each boot.
   *
   * @throws HostException if systemd refuses
   */
  public void start() throws HostException {
    commands.run("systemctl", "enable", "--quiet", OurUnits.AGENT.text());
    commands.run("systemctl", "reset-failed", OurUnits.AGENT_IF_LOADED);
    commands.run("systemctl", "start", "--no-block", OurUnits.AGENT.text());
  }

  /**
   * The state of the agent's unit, such as {@code active} or {@code failed}.
   *
   * @throws HostException if systemd does not say
   */
  public String state() throws HostException {
    return commands
        .run("systemctl", "show", "--property=ActiveState", "--value", OurUnits.AGENT.text())
        .strip();
  }

  /**
   * Forgets this host's membership once nothing of it runs any more.
   *
   * @param identity directory with what SPIRE keeps on this host
   * @throws HostException if something stays
   */
  public void forget(Path identity) throws HostException {
    commands.run("systemctl", "disable", "--quiet", OurUnits.AGENT.text());
    files.remove(directory.resolve(JoinFile.PLACE));
    files.remove(directory.resolve(Options.COPIES));
    files.remove(identity);
  }

  private void write(JoinFile file) throws HostException {
    write(JoinFile.PLACE, file.text());
  }

  private void copy(Path place, Optional<String> text) throws HostException {
    if (text.isPresent()) {
      write(place, text.get());
    }
  }

  private void write(Path place, String text) throws HostException {
    int mode = place.startsWith(Options.COPIES) ? 0600 : 0644;
    Path file = directory.resolve(place);
    Path parent = directory.resolve(place.subpath(0, 1));
    if (!Files.isDirectory(parent)) {
      files.write(HostFile.directory(parent, ROOT, 0755));
    }
    files.write(HostFile.file(file, ROOT, mode, text));
  }

  private Map<Path, Optional<String>> ours() throws FileFailed {
    Map<Path, Optional<String>> found = new LinkedHashMap<>();
    for (Path place : List.of(Options.BUNDLE, Options.ANCHORS, Options.TOKEN, JoinFile.PLACE)) {
      Path file = directory.resolve(place);
      try {
        found.put(
            place, Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty());
      } catch (IOException e) {
        throw new FileFailed("reading '" + file + "'", String.valueOf(e.getMessage()), e);
      }
    }
    return found;
  }

  private void putBack(Map<Path, Optional<String>> before) throws HostException {
    for (Map.Entry<Path, Optional<String>> each : before.entrySet()) {
      if (each.getValue().isPresent()) {
        write(each.getKey(), each.getValue().get());
      } else {
        files.remove(directory.resolve(each.getKey()));
      }
    }
    Path copies = directory.resolve(Options.COPIES);
    if (before.values().stream().allMatch(Optional::isEmpty)) {
      files.remove(copies);
    }
  }
}
