// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.route.iproute;

import io.meshx.agent.exec.Commands;
import io.meshx.agent.exec.Following;
import io.meshx.agent.host.Families;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.CommandFailed;
import io.meshx.agent.model.IpFamily;
import io.meshx.agent.route.Route;
import io.meshx.agent.route.RouteTable;
import io.meshx.agent.route.Routes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main routing table by way of {@code ip route}.
 *
 * @see <a href="https://man7.org/linux/man-pages/man8/ip-route.8.html">ip-route(8)</a>
 */
public final class IprouteRoutes implements Routes {
  /**
   * The routing protocol number by which our routes are known again, also after the agent has died.
   * The kernel leaves numbers above 4 to user space; 77 is free in iproute2's {@code rt_protos} and
   * in {@code linux/rtnetlink.h}.
   */
  public static final int PROTOCOL = 77;

  /** What ip prints, with status 2, when the kernel answers ESRCH: no such route is there. */
  private static final String GONE = "RTNETLINK answers: No such process";

  private static final Logger LOG = LoggerFactory.getLogger(IprouteRoutes.class);

  /**
   * The kernel takes IPv4 routes away with a link that goes down or an address that is removed, and
   * reports only that ({@code fib_sync_down_dev} and {@code fib_sync_down_addr} in {@code
   * net/ipv4/fib_semantics.c}).
   */
  private static final List<String> MONITOR = List.of("ip", "monitor", "link", "address", "route");

  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final Commands commands;
  private final Following following;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Families families;

  /**
   * Changes nothing yet.
   *
   * @param commands runs ip
   * @param following runs ip monitor
   * @param families asked for the families to observe, each time
   */
  public IprouteRoutes(Commands commands, Following following, Families families) {
    this.commands = commands;
    this.following = following;
    this.families = families;
  }

  @Override
  public RouteTable observe() throws HostException {
    List<IpFamily> order = List.copyOf(families.families());
    ArrayList<List<String>> argvs = new ArrayList<>();
    for (IpFamily family : order) {
      // -N: protocols as numbers, whatever name /etc/iproute2 has for them.
      argvs.add(List.of("ip", "-N", "-json", flag(family), "route", "show", "table", "main"));
    }
    List<String> texts = commands.runTogether(argvs);
    RouteJson json = new RouteJson(PROTOCOL);
    for (int i = 0; i < order.size(); i++) {
      try {
        json.add(order.get(i), texts.get(i));
      } catch (IllegalArgumentException e) {
        throw new CommandFailed(
            argvs.get(i), "printed what is no route table", String.valueOf(e.getMessage()));
      }
    }
    return json.table();
  }

  @Override
  public void add(Route route) throws HostException {
    commands.run(argv("add", route), "");
  }

  @Override
  public void remove(Route route) throws HostException {
    try {
      commands.run(argv("del", route), "");
    } catch (CommandFailed e) {
      if (e.status() != 2 || !e.error().strip().equals(GONE)) {
        throw e;
      }
    }
  }

  private static List<String> argv(String verb, Route route) {
    return List.of(
        "ip",
        flag(route.destination().family()),
        "route",
        verb,
        route.destination().toString(),
        "via",
        route.via().toString(),
        "proto",
        Integer.toString(PROTOCOL),
        "table",
        "main");
  }

  /** By {@code ip monitor}, which prints each change as the kernel reports it over netlink. */
  @Override
  public void onChange(Runnable lookAgain) {
    Thread.ofPlatform().daemon().name("route-monitor").start(() -> watch(lookAgain));
  }

  private void watch(Runnable lookAgain) {
    try {
      do {
        try {
          following.follow(MONITOR, closed, _ -> lookAgain.run());
        } catch (CommandFailed e) {
          LOG.warn("changes of routes are noticed later: {}", e.getMessage());
        }
        // Whatever happened while nobody watched was missed.
        lookAgain.run();
      } while (!closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }

  private static String flag(IpFamily family) {
    return switch (family) {
      case V4 -> "-4";
      case V6 -> "-6";
    };
  }
}
