// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.model.DnsName;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.IpAddress;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every {@link Dns} does; run by the fake in unit tests and by resolvers on real hosts. */
public abstract class DnsContract {
  /** A view to try things with. */
  protected static final DnsView VIEW =
      new DnsView(IpAddress.parse("169.254.77.1"), new DnsName("cluster.local"));

  private static final DnsView OTHER_VIEW =
      new DnsView(IpAddress.parse("169.254.77.2"), new DnsName("cluster.example.org"));

  /** The resolver under test. */
  protected abstract Dns dns();

  /** Makes the resolver forget what it was told of our link. */
  protected abstract void loseSettings() throws HostException;

  /** Takes our link away. */
  @AfterEach
  protected void removeLink() throws HostException {
    dns().clear();
  }

  @Test
  void hostWithoutALinkOfOursHasNoView() throws HostException {
    assertEquals(Optional.empty(), dns().observe());
  }

  @Test
  void appliedViewIsObserved() throws HostException {
    dns().apply(VIEW);

    assertEquals(Optional.of(VIEW), dns().observe());
  }

  @Test
  void viewCanBeAppliedTwice() throws HostException {
    dns().apply(VIEW);
    dns().apply(VIEW);

    assertEquals(Optional.of(VIEW), dns().observe());
  }

  @Test
  void anotherViewReplacesTheFirst() throws HostException {
    dns().apply(VIEW);
    dns().apply(OTHER_VIEW);

    assertEquals(Optional.of(OTHER_VIEW), dns().observe());
  }

  @Test
  void viewWithAnAddressOfTheOtherFamilyIsApplied() throws HostException {
    DnsView view = new DnsView(IpAddress.parse("fd77:77::1"), new DnsName("cluster.local"));
    dns().apply(VIEW);
    dns().apply(view);

    assertEquals(Optional.of(view), dns().observe());
  }

  @Test
  void linkOfWhichTheResolverKnowsNothingIsIncomplete() throws HostException {
    dns().apply(VIEW);
    loseSettings();

    assertEquals(Optional.of(DnsView.INCOMPLETE), dns().observe());

    dns().apply(VIEW);
    assertEquals(Optional.of(VIEW), dns().observe());
  }

  @Test
  void incompleteLinkIsClearedToo() throws HostException {
    dns().apply(VIEW);
    loseSettings();
    dns().clear();

    assertEquals(Optional.empty(), dns().observe());
  }

  @Test
  void clearingTwiceIsNoError() throws HostException {
    dns().apply(VIEW);
    dns().clear();
    dns().clear();

    assertEquals(Optional.empty(), dns().observe());
  }
}
