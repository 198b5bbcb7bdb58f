// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.inlet.firewalld;

import io.meshx.agent.bus.BusCall;
import io.meshx.agent.bus.SignalMatch;
import io.meshx.agent.bus.SystemBus;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Inlets;
import io.meshx.agent.inlet.Opening;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Openings in the running firewalld, never in its files: rich rules with a priority of our own, by
 * which they are found again. A rule with a priority above 0 comes behind what the administrator
 * denies.
 *
 * @see <a href="https://firewalld.org/documentation/man-pages/firewalld.dbus.html">
 *     firewalld.dbus(5)</a>
 * @see <a href="https://firewalld.org/documentation/man-pages/firewalld.richlanguage.html">
 *     firewalld.richlanguage(5)</a>
 */
public final class FirewalldInlets implements Inlets {
  private static final String SERVICE = "org.fedoraproject.FirewallD1";
  private static final String OBJECT = "/org/fedoraproject/FirewallD1";
  private static final String ZONES = SERVICE + ".zone";
  private static final Set<String> NOT_RUNNING =
      Set.of(
          "org.freedesktop.DBus.Error.NameHasNoOwner", "org.freedesktop.DBus.Error.ServiceUnknown");

  /**
   * As its packages write it into firewalld.conf(5); versions that do not know it refuse nothing.
   */
  private static final String RFC3964 = "RFC3964_IPv4=yes";

  /** The priority by which our rules are told from others. */
  private static final int OURS = 14143;

  private static final Pattern RULE =
      Pattern.compile(
          "rule priority=\"" + OURS + "\" port port=\"(\\d{1,5})\" protocol=\"tcp\" accept");

  /** With this time in seconds a rule stays until the firewall is loaded again. */
  private static final int NO_TIMEOUT = 0;

  private static final Logger LOG = LoggerFactory.getLogger(FirewalldInlets.class);

  private final SystemBus bus;
  private final Path conf;

  /**
   * Asks nobody yet.
   *
   * @param bus the bus that firewalld is on; closed by whoever opened it
   * @param root the host's root directory
   */
  public FirewalldInlets(SystemBus bus, Path root) {
    this.bus = bus;
    this.conf = root.resolve("etc/firewalld/firewalld.conf");
  }

  /** firewalld if it runs, and else nobody. */
  @Override
  public Guard observe() throws HostException {
    try {
      SortedSet<String> zones = zones();
      TreeSet<Opening> ours = new TreeSet<>();
      for (String zone : zones) {
        Object rules = bus.call(call("getRichRules", "s", zone, zone)).getFirst();
        for (Object rule : (List<?>) rules) {
          Matcher matcher = RULE.matcher(rule.toString());
          if (matcher.matches()) {
            ours.add(new Opening(zone, new Port(Integer.parseInt(matcher.group(1)))));
          }
        }
      }
      return new Guard.Firewalld(zones, ours, refusesRedirectedV6());
    } catch (BusCallFailed e) {
      if (NOT_RUNNING.contains(e.errorName())) {
        return new Guard.None();
      }
      throw e;
    }
  }

  /** From its file: over D-Bus a firewalld that was just started gives its default instead. */
  private boolean refusesRedirectedV6() throws FileFailed {
    try {
      return Files.readAllLines(conf).contains(RFC3964);
    } catch (NoSuchFileException e) {
      LOG.trace("no firewalld.conf", e);
      return false;
    } catch (IOException e) {
      throw new FileFailed("reading '" + conf + "'", e.toString(), e);
    }
  }

  private SortedSet<String> zones() throws BusCallFailed {
    TreeSet<String> zones = new TreeSet<>();
    Map<?, ?> active = (Map<?, ?>) bus.call(call("getActiveZones", "", "")).getFirst();
    for (Map.Entry<?, ?> zone : active.entrySet()) {
      if (((Map<?, ?>) zone.getValue()).containsKey("interfaces")) {
        zones.add(zone.getKey().toString());
      }
    }
    if (zones.isEmpty()) {
      BusCall standard =
          new BusCall(SERVICE, OBJECT, SERVICE, "getDefaultZone", "", List.of(), "firewalld");
      zones.add(bus.call(standard).getFirst().toString());
    }
    return zones;
  }

  @Override
  public void open(Opening opening) throws BusCallFailed {
    unless(
        "ALREADY_ENABLED",
        call(
            "addRichRule",
            "ssi",
            opening.toString(),
            opening.zone(),
            rule(opening.port()),
            NO_TIMEOUT));
  }

  @Override
  public void close(Opening opening) throws BusCallFailed {
    unless(
        "NOT_ENABLED",
        call("removeRichRule", "ss", opening.toString(), opening.zone(), rule(opening.port())));
  }

  /** firewalld has one error name for all, and begins its message with a word. */
  private void unless(String word, BusCall call) throws BusCallFailed {
    try {
      bus.call(call);
    } catch (BusCallFailed e) {
      if (!String.valueOf(e.getMessage()).contains(word)) {
        throw e;
      }
    }
  }

  private static String rule(Port port) {
    return "rule priority=\"" + OURS + "\" port port=\"" + port + "\" protocol=\"tcp\" accept";
  }

  @Override
  public void onChange(Runnable lookAgain) {
    bus.follow(
        SERVICE,
        List.of(
            new SignalMatch.Interface(OBJECT, SERVICE), new SignalMatch.Interface(OBJECT, ZONES)),
        _ -> lookAgain.run(),
        lookAgain);
  }

  private static BusCall call(
      String member, String signature, String subject, Object... arguments) {
    return new BusCall(SERVICE, OBJECT, ZONES, member, signature, List.of(arguments), subject);
  }
}
