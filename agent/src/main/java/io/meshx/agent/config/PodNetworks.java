// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.model.Cidr;
import java.util.List;
import java.util.Optional;

/**
 * Where the pods are.
 *
 * @param given the networks that are written down
 * @param ofNodes whether they are asked for instead
 */
record PodNetworks(List<Cidr> given, boolean ofNodes) {
  private static final String AUTO = "auto";

  /** An array of networks, or a word. */
  static Form<PodNetworks> form(Form<List<Cidr>> list) {
    return new Form<>() {
      @Override
      public String allowed() {
        return "\"" + AUTO + "\", or " + list.allowed();
      }

      @Override
      public Optional<PodNetworks> read(Node node, Findings findings) {
        return switch (node.value()) {
          case Node.Value.Text(String text) when text.equals(AUTO) ->
              Optional.of(new PodNetworks(List.of(), true));
          case Node.Value.Array _ ->
              list.read(node, findings).map(cidrs -> new PodNetworks(cidrs, false));
          case Node.Value.Text _, Node.Value.Whole _, Node.Value.Other _, Node.Value.Table _ ->
              refuse(node, findings);
        };
      }
    };
  }
}
