// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.it.Lab;
import io.meshx.it.exec.Step;
import io.meshx.it.host.Debian;
import io.meshx.it.host.HostSpec;
import java.util.concurrent.CountDownLatch;

/** A program that opens a lab with a host, says so, and waits for its end. */
final class AbandonedLab {
  static final String READY = "ready: ";

  private AbandonedLab() {}

  public static void main(String[] args) throws InterruptedException {
    Lab lab = Lab.open();
    lab.host(HostSpec.of("vm1", Debian.BOOKWORM));
    Step.note(READY + lab.id());
    new CountDownLatch(1).await();
  }
}
