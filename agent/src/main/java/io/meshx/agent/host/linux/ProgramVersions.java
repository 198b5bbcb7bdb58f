// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.model.HostException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What programs say when they are asked for their version; each is asked once while it stays. */
final class ProgramVersions {
  private static final Logger LOG = LoggerFactory.getLogger(ProgramVersions.class);

  private record Asked(FileTime changed, long size, String answer) {}

  private final Commands commands;
  private final Map<Path, Asked> asked = new HashMap<>();

  ProgramVersions(Commands commands) {
    this.commands = commands;
  }

  /** The answers; a program that gives none, or is not there, is not among them. */
  synchronized SortedMap<Path, String> observe(Set<Path> programs) {
    TreeMap<Path, String> answers = new TreeMap<>();
    for (Path program : programs) {
      try {
        BasicFileAttributes file = Files.readAttributes(program, BasicFileAttributes.class);
        Asked last = asked.get(program);
        if (last == null
            || last.size() != file.size()
            || !last.changed().equals(file.lastModifiedTime())) {
          last =
              new Asked(
                  file.lastModifiedTime(),
                  file.size(),
                  commands.said(List.of(program.toString(), "--version")).strip());
          asked.put(program, last);
        }
        answers.put(program, last.answer());
      } catch (IOException | HostException e) {
        LOG.debug("'{}' does not say its version", program, e);
      }
    }
    return answers;
  }
}
