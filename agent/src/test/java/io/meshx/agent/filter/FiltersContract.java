// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshx.agent.model.HostException;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What all {@link Filters} do, on a host without a program of ours. */
public abstract class FiltersContract {
  private static final PacketProgram OTHER =
      new PacketProgram("other-1", PacketProgram.LOOPBACK_ONLY.instructions());

  /** The filters under test. */
  protected abstract Filters filters();

  @Test
  void nothingIsThereAtFirst() throws HostException {
    assertEquals(Set.of(), filters().observe());
  }

  @Test
  void whatIsPinnedIsObservedUntilItIsUnpinned() throws HostException {
    filters().pin(PacketProgram.LOOPBACK_ONLY);
    filters().pin(OTHER);
    assertEquals(Set.of("loopback-only-1", "other-1"), filters().observe());

    filters().unpin("other-1");
    assertEquals(Set.of("loopback-only-1"), filters().observe());
    filters().unpin("other-1");
    filters().unpin("loopback-only-1");
    assertEquals(Set.of(), filters().observe());
  }
}
