// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.spire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.meshx.agent.model.HostException;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.WorkloadName;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is true of all {@link Registrar}s; each test works on a host of its own. */
public abstract class RegistrarContract {
  protected static final TrustDomain DOMAIN = new TrustDomain("root.linkerd.cluster.local");
  private static final UnitName PROXY = new UnitName("meshx-proxy-web.service");
  private static final SpiffeId WEB = SpiffeId.parse("spiffe://root.linkerd.cluster.local/web");

  /** What is tested. */
  protected abstract Registrar registrar();

  private static Registrations host(String name) {
    return new Registrations(DOMAIN, new WorkloadName(name));
  }

  @Test
  void observesWhatWasRegistered() throws HostException {
    Registrations host = host("observes");
    registrar().register(host.agent());
    registrar().register(host.proxy(WEB, PROXY, 998));

    assertEquals(
        Set.of(host.agent(), host.proxy(WEB, PROXY, 998)), registrar().observe(host.alias()));
  }

  @Test
  void registersTheSameTwice() throws HostException {
    Registrations host = host("twice");
    registrar().register(host.agent());
    registrar().register(host.agent());

    assertEquals(Set.of(host.agent()), registrar().observe(host.alias()));
  }

  @Test
  void keepsEntriesThatDifferInTheirSelectorsApart() throws HostException {
    Registrations host = host("apart");
    registrar().register(host.proxy(WEB, PROXY, 998));
    registrar().register(host.proxy(WEB, PROXY, 999));
    registrar().unregister(host.proxy(WEB, PROXY, 998));

    assertEquals(Set.of(host.proxy(WEB, PROXY, 999)), registrar().observe(host.alias()));
  }

  @Test
  void unregistersAndDoesNotMindWhatIsGone() throws HostException {
    Registrations host = host("gone");
    registrar().register(host.agent());
    registrar().unregister(host.agent());
    registrar().unregister(host.agent());

    assertEquals(Set.of(), registrar().observe(host.alias()));
  }

  @Test
  void doesNotMixHosts() throws HostException {
    registrar().register(host("mine").agent());

    assertEquals(Set.of(), registrar().observe(host("yours").alias()));
  }

  @Test
  void makesANewTokenEachTime() throws HostException {
    SpiffeId alias = host("token").alias();
    String first = registrar().createJoinToken(alias, Duration.ofMinutes(10));

    assertFalse(first.isBlank());
    assertNotEquals(first, registrar().createJoinToken(alias, Duration.ofMinutes(10)));
  }
}
