// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.reconcile;

import io.meshx.agent.dns.Dns;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.file.FileState;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.file.HostFiles;
import io.meshx.agent.filter.Filters;
import io.meshx.agent.filter.PacketProgram;
import io.meshx.agent.firewall.Firewall;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.inlet.Guard;
import io.meshx.agent.inlet.Inlets;
import io.meshx.agent.inlet.Opening;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostException.BusCallFailed;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.route.Route;
import io.meshx.agent.route.RouteTable;
import io.meshx.agent.route.Routes;
import io.meshx.agent.unit.UnitSpec;
import io.meshx.agent.unit.UnitState;
import io.meshx.agent.unit.Units;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;

/** A host that is looked at as it is and refuses every change. */
final class RefusingHost {
  private RefusingHost() {}

  static HostPorts of(HostPorts host) {
    return new HostPorts(
        host.facts(),
        new Files(host.files()),
        new RoutingTable(host.routes()),
        new Resolver(host.dns()),
        new Services(host.units()),
        host.journal(),
        new PacketFilter(host.firewall()),
        host.ruleWatch(),
        new PinnedPrograms(host.filters()),
        new Gatekeeper(host.inlets()),
        host.registrar(),
        host.identities(),
        host.proxies());
  }

  private static HostException refusal() {
    return new BusCallFailed("the host", "", "this is a rehearsal, nothing is changed", null);
  }

  private record Files(HostFiles real) implements HostFiles {
    @Override
    public SortedMap<Path, FileState> observe(Set<Path> paths) throws HostException {
      return real.observe(paths);
    }

    @Override
    public void write(HostFile file) throws HostException {
      throw refusal();
    }

    @Override
    public void remove(Path path) throws HostException {
      throw refusal();
    }
  }

  private record RoutingTable(Routes real) implements Routes {
    @Override
    public RouteTable observe() throws HostException {
      return real.observe();
    }

    @Override
    public void add(Route route) throws HostException {
      throw refusal();
    }

    @Override
    public void remove(Route route) throws HostException {
      throw refusal();
    }
  }

  private record Resolver(Dns real) implements Dns {
    @Override
    public Optional<DnsView> observe() throws HostException {
      return real.observe();
    }

    @Override
    public void apply(DnsView view) throws HostException {
      throw refusal();
    }

    @Override
    public void clear() throws HostException {
      throw refusal();
    }

    @Override
    public void onChange(Runnable lookAgain) {
      real.onChange(lookAgain);
    }
  }

  private record Services(Units real) implements Units {
    @Override
    public SortedMap<UnitName, UnitState> observe() throws HostException {
      return real.observe();
    }

    @Override
    public void start(UnitSpec spec) throws HostException {
      throw refusal();
    }

    @Override
    public void stop(UnitName name) throws HostException {
      throw refusal();
    }

    @Override
    public void forget(UnitName name) throws HostException {
      throw refusal();
    }

    @Override
    public void onChange(Runnable lookAgain) {
      real.onChange(lookAgain);
    }

    @Override
    public void close() {
      real.close();
    }
  }

  private record PinnedPrograms(Filters real) implements Filters {
    @Override
    public SortedSet<String> observe() throws HostException {
      return real.observe();
    }

    @Override
    public void pin(PacketProgram program) throws HostException {
      throw refusal();
    }

    @Override
    public void unpin(String name) throws HostException {
      throw refusal();
    }
  }

  private record PacketFilter(Firewall real) implements Firewall {
    @Override
    public HostRules observe() throws HostException {
      return real.observe();
    }

    @Override
    public void apply(HostRules rules) throws HostException {
      throw refusal();
    }
  }

  private record Gatekeeper(Inlets real) implements Inlets {
    @Override
    public Guard observe() throws HostException {
      return real.observe();
    }

    @Override
    public void open(Opening opening) throws HostException {
      throw refusal();
    }

    @Override
    public void close(Opening opening) throws HostException {
      throw refusal();
    }

    @Override
    public void onChange(Runnable lookAgain) {
      real.onChange(lookAgain);
    }
  }
}
