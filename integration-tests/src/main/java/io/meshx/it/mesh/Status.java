// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.mesh;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The answer of {@code meshx status --json}, as far as tests read it.
 *
 * @param state {@code joined} or {@code joining}
 * @param held changes that wait before they are tried again, with the reason
 * @param changes changes since the agent started
 */
public record Status(
    int schema,
    String host,
    String trustDomain,
    String mode,
    String state,
    List<String> warnings,
    List<Step> steps,
    SpireAgent spireAgent,
    Map<String, Svid> svids,
    Map<String, String> held,
    List<String> configProblems,
    String lastFailure,
    long passes,
    long changes,
    long failures,
    Heals heals,
    double fullPassMillis) {
  private static final Gson GSON =
      new GsonBuilder()
          .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
          .create();

  /**
   * A step of the join.
   *
   * @param scope {@code host} or a workload's name
   * @param state {@code done}, {@code changing}, {@code waiting} or {@code held}
   */
  public record Step(String scope, String name, String state, String detail) {}

  /** An SVID; serial in hexadecimal, the end of its validity in ISO 8601. */
  public record Svid(String id, String serial, String notAfter, long secondsLeft, int rotations) {}

  /** What the SPIRE agent says of itself. */
  public record SpireAgent(
      String id, String notAfter, long secondsLeft, String lastSync, boolean serving) {}

  /** Rules that were put back; in milliseconds. */
  public record Heals(
      long count, double longestMillis, String lastAt, double lastMillis, String lastBy) {}

  /**
   * Reads it.
   *
   * @param result of the command, whatever its exit status
   * @throws LabException when it printed something else
   */
  static Status parse(Result result) {
    try {
      Status status = GSON.fromJson(result.stdout(), Status.class);
      if (status == null || status.state() == null) {
        throw new LabException("expected a status: " + result);
      }
      return status;
    } catch (JsonParseException e) {
      throw new LabException("reading a status: " + result, e);
    }
  }

  public boolean joined() {
    return state.equals("joined");
  }

  /**
   * The SVID of a workload, or of the agent as {@code meshx-agent}.
   *
   * @throws LabException when there is none
   */
  public Svid svid(String name) {
    Svid found = svids.get(name);
    if (found == null) {
      throw new LabException("looking for the SVID of '%s': there is %s".formatted(name, svids));
    }
    return found;
  }

  /** The step of that scope and name, if there is one. */
  public Optional<Step> step(String scope, String name) {
    return steps.stream()
        .filter(step -> step.scope().equals(scope) && step.name().equals(name))
        .findFirst();
  }
}
