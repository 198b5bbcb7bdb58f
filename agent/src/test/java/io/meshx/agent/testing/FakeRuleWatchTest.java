// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.testing;

import io.meshx.agent.firewall.Disturber;
import io.meshx.agent.firewall.RuleWatch;
import io.meshx.agent.firewall.RuleWatchContract;

final class FakeRuleWatchTest extends RuleWatchContract {
  private final FakeRuleWatch watch = new FakeRuleWatch();

  @Override
  protected RuleWatch watch() {
    return watch;
  }

  @Override
  protected void change() {
    watch.tell(new Disturber(program(), 4711));
  }

  @Override
  protected String program() {
    return "nft";
  }
}
