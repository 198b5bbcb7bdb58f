// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.plan;

import io.meshx.agent.file.FileState;
import io.meshx.agent.file.HostFile;
import io.meshx.agent.identity.Freshness;
import io.meshx.agent.identity.Identities;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.SpiffeId;
import io.meshx.agent.plan.Step.Progress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Judges what several steps judge alike.
 *
 * @param state what was observed
 */
record Observations(HostState state) {
  static final String FIRST_LOOK = "a first look at ";

  /** Whether a step waits for nothing but that something is looked at for the first time. */
  static boolean unseen(Step step) {
    return step.progress() instanceof Progress.Waiting(String forWhat)
        && forWhat.startsWith(FIRST_LOOK);
  }

  /** The judgement of what was seen, or that it was not. */
  <T> Progress of(Look<T> look, String what, Function<T, Progress> judge) {
    return switch (look) {
      case Look.NotYet<T> _ -> new Progress.Waiting(FIRST_LOOK + what);
      case Look.Failed<T>(String why) -> new Progress.Waiting("a look at " + what + ": " + why);
      case Look.Saw<T>(T value) -> judge.apply(value);
    };
  }

  Progress files(List<HostFile> wanted) {
    return of(
        state.files(),
        "files",
        (SortedMap<Path, FileState> there) -> {
          List<HostFile> differing =
              wanted.stream().filter(file -> !file.state().equals(there.get(file.path()))).toList();
          return differing.isEmpty()
              ? new Progress.Done(wanted.size() + " files")
              : new Progress.Changing(
                  differing.stream().<Change>map(Change.WriteFile::new).toList());
        });
  }

  /** The SVID under a key, if it is issued. */
  Optional<SvidState.Issued> issued(String key) {
    return state.svids() instanceof Look.Saw<SortedMap<String, SvidState>>(var svids)
            && svids.get(key) instanceof SvidState.Issued issued
        ? Optional.of(issued)
        : Optional.empty();
  }

  /** SPIRE's trust bundle, which comes with the agent's own SVID. */
  Optional<TrustBundle> bundle() {
    return issued(Identities.AGENT).flatMap(SvidState.Issued::bundle);
  }

  /** Warns if the SVID under a key should have been renewed and was not. */
  void renewal(String key, Draft draft) {
    Optional<SvidState.Issued> late =
        issued(key).filter(issued -> issued.freshness() == Freshness.LATE);
    if (late.isPresent()) {
      SvidState.Issued issued = late.get();
      draft.warn(
          "SPIRE has not renewed the SVID "
              + issued.id()
              + ", which was due at "
              + Freshness.renewal(issued.notBefore(), issued.notAfter())
              + " and expires at "
              + issued.notAfter());
    }
  }

  /**
   * The SVID under a key.
   *
   * @param remedy what brings it about when SPIRE says that there is none
   * @param words what SPIRE's own log says, or ""
   */
  Progress svid(String key, SpiffeId expected, String remedy, String words) {
    return of(
        state.svids(),
        "SVIDs",
        svids ->
            switch (svids.get(key)) {
              case null -> new Progress.Waiting(FIRST_LOOK + "the SVID " + expected);
              case SvidState.Issued issued ->
                  switch (issued.freshness()) {
                    case FRESH, LATE ->
                        new Progress.Done(issued.id() + ", expires " + issued.notAfter());
                    case ENDING ->
                        new Progress.Waiting(
                            "SPIRE to renew the SVID "
                                + issued.id()
                                + ", which expires at "
                                + issued.notAfter()
                                + words);
                    case EXPIRED ->
                        new Progress.Waiting(
                            "SPIRE to renew the SVID "
                                + issued.id()
                                + ", which has expired at "
                                + issued.notAfter()
                                + ": peers refuse it"
                                + words);
                  };
              case SvidState.Unreachable(String why) ->
                  new Progress.Waiting("an SVID " + expected + "; last answer: " + why + words);
              case SvidState.None(String answer) ->
                  new Progress.Waiting(
                      "an SVID "
                          + expected
                          + "; last answer: "
                          + answer
                          + "; needed at the SPIRE server: "
                          + remedy
                          + words);
              case SvidState.Unexpected(List<SpiffeId> got) ->
                  new Progress.Waiting(
                      "an SVID "
                          + expected
                          + "; SPIRE issues "
                          + got.stream().map(SpiffeId::toString).collect(Collectors.joining(", "))
                          + " instead; needed at the SPIRE server: "
                          + remedy);
            });
  }
}
