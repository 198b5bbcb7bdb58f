// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.identity.workloadapi;

import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.Metadata;
import io.grpc.Status;
import io.meshx.agent.identity.Freshness;
import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.identity.SvidQuery;
import io.meshx.agent.identity.SvidState;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.GrowingWait;
import io.meshx.agent.model.SpiffeId;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One followed SVID: a stream, opened again whenever it ends. {@link #query} and {@link #state} can
 * be read on any thread; all else happens on the event loop.
 */
final class Watch {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

  private final SvidQuery query;
  private final Question<?> question;
  private final Setting setting;
  private final Runnable changed;
  private final GrowingWait backoff;
  private volatile SvidState state = new SvidState.Unreachable("not asked yet");

  private boolean wanted;
  private @Nullable Attempt attempt;
  private @Nullable ScheduledFuture<?> timer;
  private @Nullable ScheduledFuture<?> ageing;
  private @Nullable SocketFile tried;
  private SvidState.@Nullable Issued last;
  private volatile Optional<SvidMaterial> material = Optional.empty();
  private long openedAt;
  private long failingSince;
  private long retryAt;

  /**
   * Follows nothing yet.
   *
   * @param changed called on the event loop whenever the state has changed
   */
  Watch(SvidQuery query, Question<?> question, Setting setting, Runnable changed) {
    this.query = query;
    this.question = question;
    this.setting = setting;
    this.changed = changed;
    this.backoff = new GrowingWait(setting.pace().first(), setting.pace().most(), setting.random());
  }

  SvidQuery query() {
    return query;
  }

  SvidState state() {
    return state instanceof SvidState.Issued issued ? issued.at(setting.clock().instant()) : state;
  }

  /** The SVID that is issued with its key, if the query asks for that. */
  Optional<SvidMaterial> material() {
    return state instanceof SvidState.Issued ? material : Optional.empty();
  }

  /** Opens the stream; one that is wanted already goes on. */
  void start() {
    if (!wanted) {
      wanted = true;
      tried = null;
      failingSince = System.nanoTime();
      look();
    }
  }

  /** Ends the stream, and says why there is none. */
  void pause(String why) {
    stop();
    become(new SvidState.Unreachable(why));
  }

  /** Ends the stream and keeps silent from now on. */
  void stop() {
    wanted = false;
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
    if (ageing != null) {
      ageing.cancel(false);
      ageing = null;
    }
    if (attempt != null) {
      Attempt open = attempt;
      attempt = null;
      open.cancel();
    }
  }

  private void look() {
    if (!wanted || attempt != null) {
      return;
    }
    try {
      SocketFile file = SocketFile.at(question.socket());
      if (!file.equals(tried)) {
        backoff.reset();
        open(file);
      } else if (System.nanoTime() - retryAt >= 0) {
        open(file);
      } else {
        lookLater();
      }
    } catch (NoSuchFileException e) {
      LOG.trace("no socket", e);
      absent("does not exist");
    } catch (IOException e) {
      absent("cannot be looked at: " + e);
    }
  }

  private void absent(String why) {
    tried = null;
    become(unreachable(" " + why));
    lookLater();
  }

  private void lookLater() {
    long now = System.nanoTime();
    Pace pace = setting.pace();
    boolean early = now - failingSince < pace.early().toNanos();
    long wait = (early ? pace.look() : pace.lookLater()).toNanos();
    if (tried != null) {
      wait = Math.min(wait, Math.max(0, retryAt - now));
    }
    timer = setting.loop().schedule(this::look, wait, TimeUnit.NANOSECONDS);
  }

  private void open(SocketFile file) {
    tried = file;
    openedAt = System.nanoTime();
    // A channel that failed to connect fails every call in the same way until a wait of its own, a
    // second or more, is over and it has connected; an idle one connects with the next call.
    if (question.channel().getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
      question.channel().enterIdle();
    }
    Attempt next = new Attempt();
    attempt = next;
    next.call = question.ask(next);
  }

  /** One stream. What it still hears after it was given up is of no interest. */
  private final class Attempt extends ClientCall.Listener<Answer> {
    private @Nullable ClientCall<?, Answer> call;

    @Override
    public void onMessage(Answer answer) {
      if (attempt == this) {
        hear(answer);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (attempt == this) {
        attempt = null;
        ended(status);
      }
    }

    void cancel() {
      if (call != null) {
        call.cancel("no longer followed", null);
      }
    }
  }

  private void ended(Status status) {
    LOG.debug("stream ended: socket={} id={} {}", question.socket(), query.expected(), status);
    Pace pace = setting.pace();
    long now = System.nanoTime();
    if (now - openedAt >= pace.most().toNanos()) {
      backoff.reset();
      failingSince = now;
    }
    Duration wait = backoff.next();
    switch (status.getCode()) {
      case OK -> LOG.trace("the state stays; the next stream says how it is now");
      case PERMISSION_DENIED -> {
        become(question.denied().apply(words(status)));
        wait = wait.compareTo(pace.refused()) > 0 ? wait : pace.refused();
      }
      case INVALID_ARGUMENT, UNIMPLEMENTED -> {
        become(unreachable(" answered " + status.getCode() + ": " + words(status)));
        wait = pace.hopeless();
      }
      default ->
          become(
              unreachable(
                  status.getCause() == null
                      ? " answered " + status.getCode() + ": " + words(status)
                      : " does not answer: " + words(status)));
    }
    retryAt = now + wait.toNanos();
    look();
  }

  private void hear(Answer answer) {
    switch (answer) {
      case Answer.Malformed(String why) -> malformed(why);
      case Answer.Svids(List<Answer.Svid> svids) -> {
        if (svids.isEmpty()) {
          become(new SvidState.None(question.nothing()));
          return;
        }
        String wanted = query.expected().toString();
        Optional<Answer.Svid> mine =
            svids.stream().filter(svid -> svid.id().equals(wanted)).findFirst();
        if (mine.isPresent()) {
          issued(mine.get());
        } else {
          unexpected(svids);
        }
      }
    }
  }

  private void issued(Answer.Svid svid) {
    Leaf leaf;
    Optional<TrustBundle> bundle;
    Optional<SvidMaterial> with;
    try {
      leaf = setting.leaves().read(query.expected(), svid.certificates().newInput());
      bundle =
          svid.roots().isEmpty()
              ? Optional.empty()
              : Optional.of(TrustBundle.read(svid.roots().newInput()));
      with =
          query instanceof SvidQuery.Handed
              ? Optional.of(
                  SvidMaterial.of(svid.certificates().toByteArray(), svid.key().toByteArray()))
              : Optional.empty();
    } catch (CertificateException e) {
      malformed("the certificate cannot be used: " + e.getMessage());
      return;
    }
    // SPIRE sends an SVID again when anything about it changed, so only a new serial is a rotation.
    SvidState.@Nullable Issued before = last;
    SvidState.Issued now;
    if (before != null && before.serial().equals(leaf.serial()) && before.bundle().equals(bundle)) {
      now = before;
    } else {
      boolean rotated = before != null && !before.serial().equals(leaf.serial());
      now =
          new SvidState.Issued(
              query.expected(),
              leaf.serial(),
              leaf.notBefore(),
              leaf.notAfter(),
              before == null || rotated ? setting.clock().instant() : before.seen(),
              before == null ? 0 : before.rotations() + (rotated ? 1 : 0),
              Freshness.FRESH,
              bundle);
      last = now;
      material = with;
      age(now);
    }
    become(now);
  }

  /** Says "look again" whenever the SVID that is issued has become less fresh. */
  private void age(SvidState.Issued issued) {
    if (ageing != null) {
      ageing.cancel(false);
    }
    Instant now = setting.clock().instant();
    Freshness.nextChange(now, issued.notBefore(), issued.notAfter())
        .ifPresent(then ->
            ageing =
                setting
                    .loop()
                    .schedule(
                        () -> {
                          changed.run();
                          age(issued);
                        },
                        Duration.between(now, then).toMillis() + 1,
                        TimeUnit.MILLISECONDS));
  }

  private void unexpected(List<Answer.Svid> svids) {
    List<SpiffeId> got = new ArrayList<>();
    for (Answer.Svid svid : svids) {
      try {
        got.add(SpiffeId.parse(svid.id()));
      } catch (IllegalArgumentException e) {
        malformed(String.valueOf(e.getMessage()));
        return;
      }
    }
    become(new SvidState.Unexpected(got));
  }

  /** The SPIFFE Workload API wants a malformed message reported and passed over (section 4.3). */
  private void malformed(String why) {
    LOG.debug("malformed: socket={} id={} why={}", question.socket(), query.expected(), why);
    if (!(state instanceof SvidState.Issued)) {
      become(unreachable(" sent a malformed message: " + why));
    }
  }

  private SvidState unreachable(String what) {
    return new SvidState.Unreachable("socket '" + question.socket() + "'" + what);
  }

  private static String words(Status status) {
    Throwable cause = status.getCause();
    if (cause != null && cause.getMessage() != null) {
      return cause.getMessage();
    }
    String description = status.getDescription();
    return description == null
        ? status.getCode().name()
        : description.lines().findFirst().orElse(status.getCode().name());
  }

  private void become(SvidState next) {
    if (!next.equals(state)) {
      LOG.debug("svid: id={} state={}", query.expected(), next);
      state = next;
      changed.run();
    }
  }
}
