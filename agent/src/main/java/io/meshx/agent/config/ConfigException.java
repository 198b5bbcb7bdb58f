// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.List;
import java.util.stream.Collectors;

/** The configuration is wrong; carries every problem at once. */
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;
  private final transient List<Problem> problems;

  /**
   * Keeps the problems.
   *
   * @param problems at least one
   */
  public ConfigException(List<Problem> problems) {
    super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
    this.problems = List.copyOf(problems);
  }

  /** Every problem, in the order of files and lines. */
  public List<Problem> problems() {
    return problems;
  }
}
