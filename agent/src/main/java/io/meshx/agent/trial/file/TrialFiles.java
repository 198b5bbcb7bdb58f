// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.trial.file;

import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.UserName;
import io.meshx.agent.trial.Memory;
import io.meshx.agent.trial.Trials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** Two files: what is confirmed outlives a reboot; rules from before do not, as no rules do. */
public final class TrialFiles implements Trials {
  private static final UserName ROOT = new UserName("root");

  private final HostFiles files;
  private final Path confirmed;
  private final Path before;

  /**
   * Reads and writes nothing yet.
   *
   * @param files writes them
   * @param run a directory that a reboot empties
   * @param state a directory that lasts
   */
  public TrialFiles(HostFiles files, Path run, Path state) {
    this.files = files;
    this.confirmed = state.resolve("rules-confirmed");
    this.before = run.resolve("rules-before");
  }

  @Override
  public Memory observe() throws HostException {
    Optional<String> rules = read(before);
    try {
      return new Memory(read(confirmed).map(Digest::new), rules.map(HostRules::parse));
    } catch (IllegalArgumentException e) {
      throw new FileFailed("reading '" + before + "'", String.valueOf(e.getMessage()), e);
    }
  }

  private static Optional<String> read(Path file) throws FileFailed {
    try {
      return Optional.of(Files.readString(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new FileFailed("reading '" + file + "'", e.toString(), e);
    }
  }

  @Override
  public void begin(HostRules rules) throws HostException {
    files.write(HostFile.file(before, ROOT, 0600, rules.text()));
  }

  @Override
  public void confirm(Digest wanted) throws HostException {
    // In this order: a trial that ends in between finds that it is confirmed.
    files.write(HostFile.file(confirmed, ROOT, 0600, wanted.hex()));
    files.remove(before);
  }
}
