// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.meshx.agent.model.GrowingWait;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows some resources: a list of them, then a watch from there, on a thread of its own.
 *
 * <p>A list and not only a watch, since a watch says nothing of what is not there. One that the
 * server ends goes on where it was; only after 410 it begins anew.
 *
 * @param <T> what is kept of each
 */
final class ApiWatch<T> implements AutoCloseable {
  /**
   * What is known.
   *
   * @param <T> what is kept of each
   */
  sealed interface Seen<T> {
    /** Nothing yet. */
    record Nothing<T>(String why) implements Seen<T> {}

    /** All that there are, by name. */
    record Listed<T>(SortedMap<String, T> all) implements Seen<T> {}
  }

  /**
   * What to follow.
   *
   * @param collection path of a collection in one namespace, or in none
   * @param selector which of it, as a query; "" for all
   * @param keep what is kept of each
   * @param <T> the same
   */
  record Subject<T>(String collection, String selector, Function<JsonObject, T> keep) {
    /** The query with more in it. */
    private String path(String more) {
      String query = selector.isEmpty() || more.isEmpty() ? selector + more : selector + "&" + more;
      return query.isEmpty() ? collection : collection + "?" + query;
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(ApiWatch.class);

  /** After this time the server ends a watch; a new one costs it a request. */
  private static final Duration LENGTH = Duration.ofMinutes(10);

  /** The server says something at least once a minute: a bookmark, if nothing else. */
  private static final Duration SILENCE = Duration.ofMinutes(3);

  private static final Duration FIRST = Duration.ofMillis(200);
  private static final Duration MOST = Duration.ofSeconds(30);

  private final ApiClient api;
  private final Subject<T> subject;
  private final GrowingWait wait;
  private final InstantSource clock;
  private final Consumer<Optional<ApiFailure>> heard;
  private final Instant began;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final TreeMap<String, T> all = new TreeMap<>();
  private Seen<T> seen = new Seen.Nothing<>("the API server has not answered yet");
  private long told;
  private String version = "";
  private Instant lastWord;
  private @Nullable InputStream open;

  /**
   * Begins to follow.
   *
   * @param heard told after each answer, or failure
   */
  ApiWatch(
      ApiClient api,
      Subject<T> subject,
      InstantSource clock,
      RandomGenerator random,
      Consumer<Optional<ApiFailure>> heard) {
    this.api = api;
    this.subject = subject;
    this.clock = clock;
    this.wait = new GrowingWait(FIRST, MOST, random);
    this.heard = heard;
    this.began = clock.instant();
    this.lastWord = began;
    Thread.ofVirtual().name("watch " + subject.path("")).start(this::run);
  }

  /** When the first question was asked. */
  Instant began() {
    return began;
  }

  /** What is known now. */
  synchronized Seen<T> seen() {
    return seen;
  }

  /** Takes in what came back from a change of ours, before the watch says so. */
  synchronized void saw(JsonObject json) {
    told++;
    all.put(name(json), subject.keep().apply(json));
    seen = new Seen.Listed<>(Collections.unmodifiableSortedMap(new TreeMap<>(all)));
  }

  /** Ends a connection over which nothing has come for longer than can be: it is dead. */
  void endIfSilent() {
    InputStream dead = null;
    synchronized (this) {
      if (open != null && lastWord.plus(SILENCE).isBefore(clock.instant())) {
        dead = open;
        open = null;
      }
    }
    if (dead != null) {
      end(dead);
    }
  }

  private void run() {
    try {
      while (closed.getCount() > 0) {
        try {
          if (version.isEmpty()) {
            list();
          }
          watch();
        } catch (ApiFailure e) {
          failed(e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void failed(ApiFailure e) throws InterruptedException {
    if (closed.getCount() == 0) {
      return;
    }
    if (e.status() == ApiFailure.GONE) {
      version = "";
      closed.await(wait.next().toNanos(), TimeUnit.NANOSECONDS);
      return;
    }
    synchronized (this) {
      if (seen instanceof Seen.Nothing) {
        seen = new Seen.Nothing<>(e.why());
      }
    }
    heard.accept(Optional.of(e));
    Duration pause = e.retryAfter().orElseGet(wait::next);
    closed.await(pause.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void list() throws ApiFailure, InterruptedException {
    JsonObject answer;
    long before;
    do {
      before = told();
      answer = api.call("GET", subject.path(""), ApiClient.JSON, "");
      // What we changed meanwhile may not be in it.
    } while (told() != before);
    JsonObject list = answer;
    version =
        ExternalWorkloadJson.text(ExternalWorkloadJson.child(list, "metadata"), "resourceVersion");
    know(() -> {
      all.clear();
      for (JsonObject each : ExternalWorkloadJson.objects(list, "items")) {
        all.put(name(each), subject.keep().apply(each));
      }
    });
  }

  private synchronized long told() {
    return told;
  }

  private static String name(JsonObject object) {
    return ExternalWorkloadJson.text(ExternalWorkloadJson.child(object, "metadata"), "name");
  }

  private void know(Runnable news) {
    synchronized (this) {
      news.run();
      seen = new Seen.Listed<>(Collections.unmodifiableSortedMap(new TreeMap<>(all)));
      lastWord = clock.instant();
    }
    wait.reset();
    heard.accept(Optional.empty());
  }

  private void watch() throws ApiFailure, InterruptedException {
    String path =
        subject.path(
            "watch=true&allowWatchBookmarks=true&resourceVersion="
                + version
                + "&timeoutSeconds="
                + LENGTH.toSeconds());
    InputStream body = api.stream(path);
    Instant opened = clock.instant();
    synchronized (this) {
      open = body;
      lastWord = opened;
    }
    heard.accept(Optional.empty());
    try {
      if (closed.getCount() == 0) {
        return;
      }
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
      String line = reader.readLine();
      while (line != null) {
        take(JsonParser.parseString(line).getAsJsonObject());
        line = reader.readLine();
      }
    } catch (IOException | JsonParseException | IllegalStateException e) {
      // Whatever lies between here and the server cuts connections; that the next one cannot be
      // opened is a failure, and that this one ended is none.
      LOG.debug("the watch of {} broke off", subject.collection(), e);
    } finally {
      synchronized (this) {
        open = null;
      }
      end(body);
    }
    if (opened.plus(MOST).isAfter(clock.instant())) {
      // A server that ends watches at once is not to be asked without a pause.
      closed.await(wait.next().toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private void take(JsonObject event) throws ApiFailure {
    JsonObject object = ExternalWorkloadJson.child(event, "object");
    String next =
        ExternalWorkloadJson.text(
            ExternalWorkloadJson.child(object, "metadata"), "resourceVersion");
    switch (ExternalWorkloadJson.text(event, "type")) {
      case "ADDED", "MODIFIED" -> {
        version = next;
        know(() -> all.put(name(object), subject.keep().apply(object)));
      }
      case "DELETED" -> {
        version = next;
        know(() -> all.remove(name(object)));
      }
      case "BOOKMARK" -> {
        version = next;
        synchronized (this) {
          lastWord = clock.instant();
        }
        wait.reset();
      }
      default ->
          throw new ApiFailure(
              "a watch of " + subject.collection(),
              object.has("code") ? object.get("code").getAsInt() : ApiFailure.NONE,
              ExternalWorkloadJson.text(object, "message"),
              Optional.empty());
    }
  }

  private static void end(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      // It is of no use any more, whatever it says to that.
      return;
    }
  }

  @Override
  public void close() {
    closed.countDown();
    InputStream body;
    synchronized (this) {
      body = open;
    }
    if (body != null) {
      end(body);
    }
  }
}
