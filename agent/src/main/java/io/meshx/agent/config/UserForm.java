// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.model.UserName;
import java.util.Map;
import java.util.Optional;

/** A user that a workload may run as. */
final class UserForm implements Form<UserName> {
  private static final Map<String, String> REFUSED =
      Map.of(
          "root", "root can pass any interception",
          "meshx-proxy", "what this user sends is never intercepted",
          "meshx-spire", "what this user sends is never intercepted");
  private static final Form<UserName> NAME =
      Forms.of("the name of an unprivileged user of the workload's own", UserName::new);

  @Override
  public String allowed() {
    return NAME.allowed();
  }

  @Override
  public Optional<UserName> read(Node node, Findings findings) {
    Optional<UserName> user = NAME.read(node, findings);
    String reason = user.map(name -> REFUSED.getOrDefault(name.text(), "")).orElse("");
    if (reason.isEmpty()) {
      return user;
    }
    findings.add(node, "'" + user.get() + "' is refused: " + reason + "; allowed: " + allowed());
    return Optional.empty();
  }
}
