// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.trial.Trials;
import io.meshx.agent.trial.TrialsContract;

final class FakeTrialsTest extends TrialsContract {
  private final FakeTrials trials = new FakeTrials();

  @Override
  protected Trials trials() {
    return trials;
  }
}
