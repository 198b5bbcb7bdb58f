// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.connection.Connection;
import io.meshx.agent.delivery.Delivery;
import io.meshx.agent.dns.DnsView;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.filter.PacketProgram;
import io.meshx.agent.firewall.HostRules;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.inlet.Opening;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ExternalWorkload;
import io.meshx.agent.registry.Parting;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.route.Route;
import io.meshx.agent.spire.Registration;
import io.meshx.agent.unit.UnitSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** One effect on the host. Its text form is the line of a plan and never holds a secret. */
public sealed interface Change {
  /** What it changes. */
  Target target();

  /** How long it has to be wanted before it is made. */
  default Duration patience() {
    return Duration.ZERO;
  }

  /** Writes a file or makes a directory. */
  record WriteFile(HostFile file) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FILES, file.path().toString());
    }

    @Override
    public String toString() {
      return (file.content().isPresent() ? "write file " : "make directory ") + file.path();
    }
  }

  /** Removes a file or a directory of ours. */
  record RemoveFile(Path path) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FILES, path.toString());
    }

    @Override
    public String toString() {
      return "remove file " + path;
    }
  }

  /**
   * Removes a join token that has been used.
   *
   * @param file where somebody put it
   */
  record DiscardToken(Path file) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FACTS, file.toString());
    }

    @Override
    public String toString() {
      return "remove used join token " + file;
    }
  }

  /** Adds a route. */
  record AddRoute(Route route) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.ROUTES, route.destination().toString());
    }

    @Override
    public String toString() {
      return "add route " + route;
    }
  }

  /** Removes a route of ours. */
  record RemoveRoute(Route route) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.ROUTES, route.destination().toString());
    }

    @Override
    public String toString() {
      return "remove route " + route;
    }
  }

  /** Makes our link and tells the resolver about it. */
  record ApplyDns(DnsView view) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.DNS, "link");
    }

    @Override
    public String toString() {
      return "route DNS " + view;
    }
  }

  /** Takes our link out of the resolver. */
  record ClearDns() implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.DNS, "link");
    }

    @Override
    public String toString() {
      return "remove DNS link";
    }
  }

  /** Starts a transient unit. */
  record StartUnit(UnitSpec spec) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.UNITS, spec.name().text());
    }

    @Override
    public String toString() {
      return "start unit " + spec.name();
    }
  }

  /** Makes the slice of a workload that is a service of somebody else. */
  record StartSlice(UnitName slice) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FOREIGN_UNITS, slice.text());
    }

    @Override
    public String toString() {
      return "make " + slice;
    }
  }

  /** Takes such a slice away, in which nothing runs any more. */
  record StopSlice(UnitName slice) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FOREIGN_UNITS, slice.text());
    }

    @Override
    public String toString() {
      return "remove " + slice;
    }
  }

  /**
   * Tells a service of somebody else that it is a workload.
   *
   * @param unit its name
   * @param text what it is told
   */
  record PutDropIn(UnitName unit, String text) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FOREIGN_UNITS, unit.text());
    }

    @Override
    public String toString() {
      return "give " + unit + " a drop-in";
    }
  }

  /**
   * Leaves a service as its package made it.
   *
   * @param unit its name
   * @param restart whether it is restarted, so that it runs outside the mesh at once
   */
  record GiveBack(UnitName unit, boolean restart) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FOREIGN_UNITS, unit.text());
    }

    @Override
    public String toString() {
      return "give " + unit + " back" + (restart ? ", with a restart" : "");
    }
  }

  /**
   * Restarts a service of somebody else.
   *
   * @param unit its name
   * @param because why, for the journal
   */
  record RestartUnit(UnitName unit, String because) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FOREIGN_UNITS, unit.text());
    }

    @Override
    public String toString() {
      return "restart " + unit + " (" + because + ")";
    }
  }

  /**
   * Stops a unit.
   *
   * @param unit its name
   * @param because why, for the journal
   */
  record StopUnit(UnitName unit, String because) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.UNITS, unit.text());
    }

    @Override
    public String toString() {
      return "stop unit " + unit + " (" + because + ")";
    }
  }

  /**
   * Makes a failed unit give its name free, so that it can be started again.
   *
   * @param unit its name
   * @param because how it failed
   */
  record ForgetUnit(UnitName unit, String because) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.UNITS, unit.text());
    }

    @Override
    public String toString() {
      return "forget failed unit " + unit + " (" + because + ")";
    }
  }

  /**
   * Replaces our rules.
   *
   * @param rules what they are to be
   * @param summary whose traffic is redirected then
   */
  record ApplyRules(HostRules rules, String summary) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.RULES, "ours");
    }

    @Override
    public String toString() {
      return "set redirect rules: " + summary;
    }
  }

  /**
   * Remembers the rules that are there before they are changed on trial.
   *
   * @param before what they are
   */
  record RememberRules(HostRules before) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.TRIAL, "memory");
    }

    @Override
    public String toString() {
      return "remember the redirect rules from before the change";
    }
  }

  /**
   * Ends a trial: what is wanted stays.
   *
   * @param wanted the digest of what is confirmed
   */
  record ConfirmRules(Digest wanted) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.TRIAL, "memory");
    }

    @Override
    public String toString() {
      return "confirm the redirect rules";
    }
  }

  /**
   * Has the kernel forget connections that were begun while rules were missing, so that they are
   * redirected when they are tried again.
   *
   * @param connections which
   */
  record ForgetConnections(SortedSet<Connection> connections) implements Change {
    /** Keeps a copy. */
    public ForgetConnections {
      connections = Collections.unmodifiableSortedSet(new TreeSet<>(connections));
    }

    @Override
    public Target target() {
      return new Target(Aspect.CONNECTIONS, "half open");
    }

    @Override
    public String toString() {
      return "forget "
          + (connections.size() == 1
              ? "1 connection that was"
              : connections.size() + " connections that were")
          + " begun without rules";
    }
  }

  /** Loads a packet filter and has the kernel keep it under its name. */
  record PinFilter(PacketProgram program) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FILTERS, program.name());
    }

    @Override
    public String toString() {
      return "load packet filter " + program.name();
    }
  }

  /** Takes the name of a packet filter away. */
  record UnpinFilter(String name) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FILTERS, name);
    }

    @Override
    public String toString() {
      return "remove packet filter " + name;
    }
  }

  /**
   * Opens a port in the host's firewall.
   *
   * @param opening which
   */
  record OpenPort(Opening opening) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.INLETS, opening.toString());
    }

    @Override
    public String toString() {
      return "open " + opening;
    }
  }

  /**
   * Takes one of our openings away.
   *
   * @param opening which
   */
  record ClosePort(Opening opening) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.INLETS, opening.toString());
    }

    @Override
    public String toString() {
      return "close " + opening;
    }
  }

  /**
   * Puts a workload's newest SVID into its files.
   *
   * @param delivery where and for whom
   * @param key by what the SVID is known among those that are followed
   * @param bundle the roots that lie beside it
   * @param beforeStart whether the workload does not run yet
   */
  record DeliverSvid(Delivery delivery, String key, TrustBundle bundle, boolean beforeStart)
      implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.DELIVERIES, delivery.workload().text());
    }

    @Override
    public String toString() {
      return "put the SVID of " + delivery.workload() + " into " + delivery.directory();
    }
  }

  /** Takes the files with a workload's SVID away. */
  record RemoveSvid(WorkloadName workload) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.DELIVERIES, workload.text());
    }

    @Override
    public String toString() {
      return "remove the files with the SVID of " + workload;
    }
  }

  /**
   * Makes the resource by which the cluster knows a workload, or has it say this again.
   *
   * @param resource its name
   * @param workload whose it is
   * @param says what it says
   */
  record Enlist(ResourceName resource, WorkloadName workload, ExternalWorkload says)
      implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.REGISTRY, resource.toString());
    }

    @Override
    public String toString() {
      return "apply ExternalWorkload " + resource;
    }
  }

  /**
   * Tells the cluster whether peers may choose a workload.
   *
   * @param resource its resource
   * @param workload whose it is
   * @param readiness what is said
   * @param patience how long that has to hold first
   */
  record SetReady(
      ResourceName resource, WorkloadName workload, Readiness readiness, Duration patience)
      implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.REGISTRY, "Ready of " + resource);
    }

    @Override
    public String toString() {
      return "say in ExternalWorkload " + resource + ": " + readiness;
    }
  }

  /**
   * Lets a resource go that says that its workload is not ready.
   *
   * @param resource which
   * @param how what becomes of it
   */
  record Withdraw(ResourceName resource, Parting how) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.REGISTRY, resource.toString());
    }

    @Override
    public String toString() {
      return how.text() + " ExternalWorkload " + resource;
    }
  }

  /** Creates a registration entry at the demo mode's SPIRE server. */
  record Register(Registration registration) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.REGISTRATIONS, registration.toString());
    }

    @Override
    public String toString() {
      return "register " + registration;
    }
  }

  /** Deletes a registration entry at the demo mode's SPIRE server. */
  record Unregister(Registration registration) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.REGISTRATIONS, registration.toString());
    }

    @Override
    public String toString() {
      return "unregister " + registration;
    }
  }

  /**
   * Has the demo mode's SPIRE server make a join token and keeps it in a file.
   *
   * @param alias the SPIFFE ID that the SPIRE agent gets besides its own
   * @param file where the token goes, readable by root only
   */
  record CreateJoinToken(SpiffeId alias, Path file) implements Change {
    @Override
    public Target target() {
      return new Target(Aspect.FILES, file.toString());
    }

    @Override
    public String toString() {
      return "create join token for " + alias;
    }
  }
}
