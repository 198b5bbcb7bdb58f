// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.vagrant;

import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import io.meshx.it.host.vagrant.Machines.Verb;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Switches hosts on and off, saves and restores them when a test asks for it, each apart from
 * others. What is said over the socket is described at {@link
 * io.meshx.it.host.vagrant.Machines#ask}.
 */
final class Switchboard implements AutoCloseable {
  private final Vagrant vagrant;
  private final ServerSocketChannel socket;

  private Switchboard(Vagrant vagrant, ServerSocketChannel socket) {
    this.vagrant = vagrant;
    this.socket = socket;
  }

  static Switchboard open(Vagrant vagrant, Path path) {
    try {
      Files.deleteIfExists(path); // Of the suites before.
      ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      socket.bind(UnixDomainSocketAddress.of(path));
      Switchboard made = new Switchboard(vagrant, socket);
      Thread.ofPlatform().name("switchboard").daemon().start(made::serve);
      return made;
    } catch (IOException e) {
      throw new LabException("listening at '" + path + "'", e);
    }
  }

  private void serve() {
    while (socket.isOpen()) {
      try {
        SocketChannel caller = socket.accept();
        Thread.ofVirtual().name("switch").start(() -> serve(caller));
      } catch (AsynchronousCloseException e) {
        return; // The run is over.
      } catch (IOException e) {
        Step.note("switchboard: " + e);
      }
    }
  }

  private void serve(SocketChannel caller) {
    try (caller) {
      String question =
          new String(Channels.newInputStream(caller).readAllBytes(), StandardCharsets.UTF_8);
      Channels.newOutputStream(caller)
          .write(answer(question.strip()).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      Step.note("switchboard: a question was not answered: " + e);
    }
  }

  private String answer(String question) {
    String[] words = question.split(" ", -1);
    try {
      Verb verb = Verb.valueOf(words[0]);
      String machine = words.length > 1 ? words[1] : "";
      String name = words.length > 2 ? words[2] : "";
      if (!Settings.HOSTS.contains(machine) || !name.matches("[a-z]*")) {
        return "no host '" + machine + "', or no name '" + name + "'";
      }
      Result result = vagrant.run(command(verb, machine, name).toArray(String[]::new));
      return result.succeeded() ? "done" : result.toString();
    } catch (IllegalArgumentException | LabException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static List<String> command(Verb verb, String machine, String name) {
    return switch (verb) {
      case STOP -> List.of("halt", machine);
      case CUT -> List.of("halt", "--force", machine);
      case START -> List.of("up", "--no-provision", machine);
      case SAVE -> List.of("snapshot", "save", "--force", machine, name);
      case RESTORE -> List.of("snapshot", "restore", "--no-provision", machine, name);
    };
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      Step.note("switchboard: " + e);
    }
  }
}
