// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.model.UnitName;
import java.util.Optional;

/** A service of somebody else. */
final class UnitForm implements Form<UnitName> {
  private static final String OURS = "meshx-";
  private static final String SERVICE = ".service";

  private final Form<UnitName> anyUnit =
      Forms.of("a service such as nginx.service or postgresql@15-main.service", UnitName::new);

  @Override
  public Optional<UnitName> read(Node node, Findings findings) {
    Optional<UnitName> name = anyUnit.read(node, findings);
    if (name.isPresent()
        && (!name.get().text().endsWith(SERVICE)
            || name.get().text().contains("@.")
            || name.get().text().startsWith(OURS))) {
      findings.add(
          node,
          "'"
              + name.get()
              + "' is "
              + (name.get().text().startsWith(OURS) ? "one of ours" : "no service that can run")
              + "; allowed: "
              + allowed());
      return Optional.empty();
    }
    return name;
  }

  @Override
  public String allowed() {
    return anyUnit.allowed();
  }
}
