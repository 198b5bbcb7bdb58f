// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.host.Attestation;
import io.meshx.agent.host.Facts;
import io.meshx.agent.host.HostFacts;
import io.meshx.agent.host.Users;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.model.UserName;
import io.meshx.agent.testing.RecordedCommands;
import io.meshx.agent.testing.TestCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LinuxFactsTest {
  private static final Instant NOW = Instant.parse("2026-11-22T20:00:00Z");
  private static final UserName WEB = new UserName("web");
  private static final String LOOPBACK = "00000000000000000000000000000001 01 80 10 80       lo\n";
  private static final String GLOBAL = "fd000000000000000000000000000001 04 40 00 82     eth0\n";

  private final Path directory;
  private final RecordedCommands commands =
      new RecordedCommands(new HostCommands(Duration.ofSeconds(30)));
  private final LinuxFacts facts;

  LinuxFactsTest(@TempDir Path directory) {
    this.directory = directory;
    Users users = _ -> new TreeMap<>(Map.of(WEB, new Users.User(3000, 100)));
    this.facts =
        new LinuxFacts(users, commands, InstantSource.fixed(NOW), directory.resolve("if_inet6"));
  }

  private HostFacts observe(Set<Path> executables) throws HostException {
    return observe(executables, Set.of());
  }

  private HostFacts observe(Set<Path> executables, Set<Path> files) throws HostException {
    return facts.observe(
        new Facts.Questions(
            Set.of(WEB), executables, executables, files, directory.resolve("spire")));
  }

  private Set<IpFamily> families(String ifInet6) throws Exception {
    Files.writeString(directory.resolve("if_inet6"), ifInet6);
    return observe(Set.of()).families();
  }

  @Test
  void aProgramIsAskedForItsVersionUntilItChanges() throws Exception {
    Path program = program("echo 1.2.3 >&2");
    Path broken = Files.writeString(directory.resolve("broken"), "no program");

    assertEquals(Map.of(program, "1.2.3"), observe(Set.of(program, broken)).versions());
    assertEquals(Map.of(program, "1.2.3"), observe(Set.of(program)).versions());
    assertEquals(
        1, commands.operations().stream().filter(each -> each.startsWith(program + " ")).count());

    program("echo 1.2.4 # longer");
    assertEquals(Map.of(program, "1.2.4"), observe(Set.of(program)).versions());
  }

  private Path program(String body) throws IOException {
    Path program = Files.writeString(directory.resolve("program"), "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    return program;
  }

  @Test
  void uidsAreThoseOfTheUsers() throws HostException {
    assertEquals(Map.of(WEB, 3000), observe(Set.of()).uids());
  }

  @Test
  void hostHasIpv6OnlyWithItsLoopbackAddress() throws Exception {
    assertEquals(Set.of(IpFamily.V4), observe(Set.of()).families());
    assertEquals(Set.of(IpFamily.V4), families(""));
    assertEquals(Set.of(IpFamily.V4), families(GLOBAL));
    assertEquals(Set.of(IpFamily.V4, IpFamily.V6), families(GLOBAL + LOOPBACK));
  }

  @Test
  void filesAreThoseThatExistWithTheTimeOfTheirLastChange() throws Exception {
    Path gone = directory.resolve("gone");
    assertEquals(
        Map.of(directory, Files.getLastModifiedTime(directory).toInstant()),
        observe(Set.of(), Set.of(directory, gone)).files());
  }

  @Test
  void executablesAreFilesThatMayBeRun() throws Exception {
    Path program = Files.writeString(directory.resolve("program"), "");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path text = Files.writeString(directory.resolve("text"), "");
    Files.setPosixFilePermissions(text, PosixFilePermissions.fromString("rw-r--r--"));

    assertEquals(
        Set.of(program),
        observe(Set.of(program, text, directory, directory.resolve("gone"))).executables());
  }

  @Test
  void agentIsAttestedOnceItsDataHoldsAnSvid() throws Exception {
    assertEquals(new Attestation.None(), observe(Set.of()).attestation());
    Path data = Files.createDirectory(directory.resolve("spire")).resolve("agent-data.json");
    assertEquals(new Attestation.None(), observe(Set.of()).attestation());
    for (String before :
        List.of(
            "",
            "{}",
            "{\"svid\": [",
            "{\"svid\":null,\"bundle\":[\"MIIB\"],\"reattestable\":false}",
            "{\"svid\":[],\"bundle\":[\"MIIB\"]}",
            "{\"svid\":[\"MIIB\"],\"bundle\":[\"MIIB\"]}",
            "{\"svid\":[{}],\"bundle\":[\"MIIB\"]}")) {
      Files.writeString(data, before);
      assertEquals(new Attestation.None(), observe(Set.of()).attestation(), before);
    }
    Files.writeString(data, kept(NOW.plusSeconds(1)));
    assertEquals(new Attestation.Valid(), observe(Set.of()).attestation());

    Files.writeString(data, kept(NOW));
    assertEquals(new Attestation.Expired(NOW), observe(Set.of()).attestation());
  }

  private static String kept(Instant expiry) {
    byte[] svid =
        new TestCertificates()
            .leaf("spiffe://example.org/spire/agent", 1, expiry.minusSeconds(60), expiry);
    return "{\"svid\":[\""
        + Base64.getEncoder().encodeToString(svid)
        + "\"],\"bundle\":[\"MIIB\"],\"reattestable\":false}";
  }

  @Test
  void whatCannotBeReadIsNamed() throws Exception {
    Files.createDirectory(directory.resolve("if_inet6"));
    FileFailed failure = assertThrows(FileFailed.class, () -> observe(Set.of()));

    assertTrue(failure.toString().contains("reading '" + directory), failure.toString());
  }
}
