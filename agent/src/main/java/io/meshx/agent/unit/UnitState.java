// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import io.meshx.agent.model.UnitName;
import java.util.Optional;

/**
 * A loaded unit of ours as systemd reports it.
 *
 * @param name its name
 * @param fingerprint what it was started from; empty if it carries none, so that it is not one that
 *     this agent started
 * @param activity what it is doing
 */
public record UnitState(UnitName name, Optional<Fingerprint> fingerprint, Activity activity) {}
