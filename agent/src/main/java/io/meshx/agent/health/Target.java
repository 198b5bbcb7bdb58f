// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health;

import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.Port;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** What a probe tries. */
public sealed interface Target {
  /** That a TCP connection can be made. */
  record Tcp(IpAddress address, Port port) implements Target {
    @Override
    public String toString() {
      return "tcp " + Target.endpoint(address, port);
    }
  }

  /**
   * That a GET is answered with a status from 200 to 399.
   *
   * @param url with the scheme http
   */
  record Http(URI url) implements Target {
    @Override
    public String toString() {
      return url.toString();
    }
  }

  /**
   * That gRPC's health service says SERVING.
   *
   * @param service of which; "" for the server as a whole
   */
  record Grpc(IpAddress address, Port port, String service) implements Target {
    @Override
    public String toString() {
      return "grpc " + Target.endpoint(address, port) + (service.isEmpty() ? "" : " " + service);
    }
  }

  /**
   * That a program ends with status 0.
   *
   * @param argv program and arguments
   * @param user as whom; empty for the workload's own user
   */
  record Exec(List<String> argv, Optional<UserName> user) implements Target {
    /** Keeps a copy. */
    public Exec {
      argv = List.copyOf(argv);
    }

    @Override
    public String toString() {
      return "exec " + argv.getFirst();
    }
  }

  /** That a unit is active. */
  record Active(UnitName unit) implements Target {
    @Override
    public String toString() {
      return "unit " + unit;
    }
  }

  private static String endpoint(IpAddress address, Port port) {
    return switch (address.family()) {
      case V4 -> address + ":" + port;
      case V6 -> "[" + address + "]:" + port;
    };
  }
}
