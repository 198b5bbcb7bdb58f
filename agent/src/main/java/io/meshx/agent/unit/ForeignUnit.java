// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import io.meshx.agent.model.UnitName;
import java.util.Optional;

/**
 * A unit that a package of somebody else brings.
 *
 * @param name its name
 * @param load whether there is such a unit
 * @param running whether it is active or on its way to be
 * @param controlGroup the control group of its processes, with a slash at its beginning; "" if it
 *     has none
 * @param dropIn the text of the drop-in that we have given it
 * @param outdated whether systemd has not read its files as they are now
 * @param current whether it was started with the drop-in as it is now; true if it has none
 * @param ownNetwork whether its processes are in a network of their own
 */
public record ForeignUnit(
    UnitName name,
    Load load,
    boolean running,
    String controlGroup,
    Optional<String> dropIn,
    boolean outdated,
    boolean current,
    boolean ownNetwork) {
  /** In the terms of systemd's LoadState. */
  public enum Load {
    /** It is there. */
    LOADED,
    /** There is none of that name. */
    NOT_FOUND,
    /** Somebody has forbidden it. */
    MASKED,
    /** Its files are wrong. */
    BROKEN
  }
}
