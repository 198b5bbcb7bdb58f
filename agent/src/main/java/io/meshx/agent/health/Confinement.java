// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.health;

import io.meshx.agent.filter.FilterPaths;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import java.util.Optional;

/**
 * Where what a probe runs is held, so that it can do nothing that the workload cannot.
 *
 * @param user the workload's user; empty if it has none of its own
 * @param slice the workload's slice, by which its traffic is redirected where it has no user
 * @param filter the workload's packet filter
 */
public record Confinement(Optional<UserName> user, UnitName slice, Optional<FilterPaths> filter) {}
