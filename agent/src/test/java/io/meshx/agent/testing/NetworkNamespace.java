// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.exec.Following;
import io.meshx.agent.exec.HostCommands;
import io.meshx.agent.model.HostException.CommandFailed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace of a test's own, empty at first; closing it takes all in it away. */
public final class NetworkNamespace implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final Commands outside;
  private final String name =
      "mxc-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();

  private NetworkNamespace(Commands outside) {
    this.outside = outside;
  }

  /** Makes a namespace. */
  public static NetworkNamespace open() throws CommandFailed {
    return on(new HostCommands(TIMEOUT));
  }

  /** Makes one on another host, and with its programs. */
  public static NetworkNamespace on(Commands host) throws CommandFailed {
    NetworkNamespace namespace = new NetworkNamespace(host);
    host.run("ip", "netns", "add", namespace.name);
    return namespace;
  }

  /** Runs commands in it. */
  public Commands commands() {
    return (argv, input) -> {
      List<String> inside = new ArrayList<>(prefix());
      inside.addAll(argv);
      return outside.run(inside, input);
    };
  }

  /** Runs commands in it that go on printing. */
  public Following following() {
    return new HostCommands(TIMEOUT, prefix());
  }

  /** What is put before an argument list to run it in it. */
  public List<String> prefix() {
    return List.of("ip", "netns", "exec", name);
  }

  /** Connects this one with another by a link that is called eth0 in both. */
  public void connect(NetworkNamespace other) throws CommandFailed {
    outside.run(
        "ip",
        "link",
        "add",
        "eth0",
        "netns",
        name,
        "type",
        "veth",
        "peer",
        "name",
        "eth0",
        "netns",
        other.name);
  }

  @Override
  public void close() throws CommandFailed {
    outside.run("ip", "netns", "delete", name);
  }
}
