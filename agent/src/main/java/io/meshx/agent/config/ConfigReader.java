// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.config.AgentConfig.ChosenPorts;
import io.meshx.agent.config.AgentConfig.Workload;
import io.meshx.agent.model.WorkloadName;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Reads a configuration directory: {@code agent.toml}, then {@code conf.d/*.toml} in the order of
 * their names, where a later file adds or replaces single keys, and {@code workloads/NAME.toml}.
 * Files whose names begin with a dot are left alone: editors leave them behind.
 *
 * <p>Reads files and nothing else of the host: whether users and programs exist is not asked.
 */
public final class ConfigReader {
  private static final String SUFFIX = ".toml";

  private final Supplier<String> machineName;
  private final InstantSource clock;
  private final Path portMemory;

  /**
   * Keeps where things come from.
   *
   * @param machineName the machine's host name, asked for when {@code host.name} is left out; "" if
   *     it has none
   * @param clock the time at which the trust anchors must be valid
   * @param portMemory file with the ports that were chosen for proxies; need not exist
   */
  public ConfigReader(Supplier<String> machineName, InstantSource clock, Path portMemory) {
    this.machineName = machineName;
    this.clock = clock;
    this.portMemory = portMemory;
  }

  /**
   * Reads everything.
   *
   * @param directory such as /etc/meshx-agent; relative paths in the files start from it
   * @throws ConfigException if anything is wrong; carries every problem of all files
   */
  public AgentConfig read(Path directory) throws ConfigException {
    return read(directory, Optional.empty());
  }

  /**
   * Reads everything again.
   *
   * @param directory the same as before
   * @param inForce what was read before; the ports that it chose stay
   * @throws ConfigException if anything is wrong; carries every problem of all files
   */
  public AgentConfig read(Path directory, AgentConfig inForce) throws ConfigException {
    return read(directory, inForce.chosenPorts());
  }

  private AgentConfig read(Path directory, Optional<ChosenPorts> chosen) throws ConfigException {
    return new Reading(directory.toAbsolutePath().normalize(), chosen).read();
  }

  /** One reading of one directory. */
  private final class Reading {
    private final Path directory;
    private final Optional<ChosenPorts> inForce;
    private final Findings findings = new Findings();
    private int files;

    Reading(Path directory, Optional<ChosenPorts> inForce) {
      this.directory = directory;
      this.inForce = inForce;
    }

    AgentConfig read() throws ConfigException {
      Optional<List<Path>> top = list(directory, true);
      if (top.isEmpty()) {
        throw new ConfigException(findings.inOrder());
      }
      AgentReader agent = readAgent();
      List<WorkloadReader> workloads = readWorkloads(agent);
      SortedMap<WorkloadName, PortBlock> chosen =
          new Clashes(findings)
              .find(
                  agent.entries(),
                  workloads,
                  PortMemory.read(portMemory, inForce, place(portMemory), findings));
      if (findings.count() > 0) {
        throw new ConfigException(findings.inOrder());
      }
      SortedMap<WorkloadName, Workload> assembled = new TreeMap<>();
      workloads.forEach(each ->
          assembled.put(each.name(), each.assemble(Optional.ofNullable(chosen.get(each.name())))));
      AgentConfig read = agent.assemble().with(assembled);
      return chosen.isEmpty()
          ? read
          : read.remembering(new ChosenPorts(portMemory, PortMemory.text(chosen)));
    }

    private AgentReader readAgent() {
      Path main = directory.resolve("agent.toml");
      List<Optional<Node>> tables = new ArrayList<>();
      Place mainPlace = place(main);
      tables.add(table(main, mainPlace));
      for (Path file : list(directory.resolve("conf.d"), false).orElse(List.of())) {
        tables.add(table(file, place(file)));
      }
      boolean complete = tables.stream().allMatch(Optional::isPresent);
      List<Node> readable = new ArrayList<>(tables.stream().flatMap(Optional::stream).toList());
      // The first table says which file a missing key is missing in: always agent.toml.
      readable.addFirst(Node.table("", mainPlace, new TreeMap<>()));
      Entries entries = Entries.read(AgentKeys.ALL, readable, findings);
      Findings gaps = complete ? findings : new Findings();
      return new AgentReader(directory, entries, machineName, clock.instant(), findings, gaps);
    }

    private List<WorkloadReader> readWorkloads(AgentReader agent) {
      List<WorkloadReader> readers = new ArrayList<>();
      for (Path file : list(directory.resolve("workloads"), false).orElse(List.of())) {
        Place place = place(file);
        Optional<WorkloadName> name = name(file, place);
        Optional<Node> table = table(file, place);
        if (table.isPresent()) {
          Entries entries = Entries.read(WorkloadKeys.ALL, List.of(table.get()), findings);
          name.ifPresent(known ->
              readers.add(new WorkloadReader(known, file, directory, entries, agent, findings)));
        }
      }
      return readers;
    }

    private Optional<WorkloadName> name(Path file, Place place) {
      String text = file.getFileName().toString();
      try {
        return Optional.of(new WorkloadName(text.substring(0, text.length() - SUFFIX.length())));
      } catch (IllegalArgumentException e) {
        findings.add(place, "", e.getMessage() + "; rename the file");
        return Optional.empty();
      }
    }

    private Place place(Path file) {
      return new Place(files++, file, 0);
    }

    private Optional<Node> table(Path file, Place place) {
      Secrecy.unchangeable(file, "").ifPresent(wrong -> findings.add(place, "", wrong));
      return SourceText.read(file, place, "", findings)
          .flatMap(text -> TomlSource.parse(text, place, findings));
    }

    /** The TOML files in a directory by name; empty if it cannot be read. */
    private Optional<List<Path>> list(Path folder, boolean required) {
      List<Path> found = new ArrayList<>();
      String wrong;
      try (DirectoryStream<Path> stream =
          Files.newDirectoryStream(
              folder,
              file ->
                  file.getFileName().toString().endsWith(SUFFIX)
                      && !file.getFileName().toString().startsWith("."))) {
        stream.forEach(found::add);
        found.sort(Comparator.comparing(file -> file.getFileName().toString()));
        return Optional.of(found);
      } catch (NoSuchFileException e) {
        wrong = required ? "does not exist; the package brings /etc/meshx-agent" : "";
      } catch (NotDirectoryException e) {
        wrong = "is no directory; a directory with TOML files is expected here";
      } catch (AccessDeniedException e) {
        wrong = "cannot be read: permission denied; run as root or change its mode";
      } catch (IOException | DirectoryIteratorException e) {
        wrong = "cannot be read: " + e.getMessage();
      }
      if (!wrong.isEmpty()) {
        findings.add(place(folder), "", wrong);
      }
      return Optional.empty();
    }
  }
}
