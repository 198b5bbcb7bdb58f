// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.Material;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Requests to one API server.
 *
 * <p>Over HTTP/1.1 on purpose: after a network has failed silently, a request that takes too long
 * ends its connection, and the next one makes another; over HTTP/2 every later one would go into
 * the dead one too.
 */
final class ApiClient implements AutoCloseable {
  static final String JSON = "application/json";
  static final String APPLY = "application/apply-patch+yaml";
  static final String MERGE = "application/merge-patch+json";

  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final int LONGEST_REFUSAL = 8192;

  /** Of seconds that a server may ask to be left alone for. */
  private static final long LONGEST_WAIT = 300;

  private static final int OK = 200;
  private static final int REDIRECT = 300;

  private final ApiAccess access;
  private final InstantSource clock;
  private final LongAdder sent;
  private @Nullable HttpClient client;
  private List<Object> madeFrom = List.of();
  private Instant notBefore = Instant.MIN;

  /**
   * Sends nothing yet.
   *
   * @param sent counts what it sends
   */
  ApiClient(ApiAccess access, InstantSource clock, LongAdder sent) {
    this.access = access;
    this.clock = clock;
    this.sent = sent;
  }

  /**
   * Asks for something that comes whole.
   *
   * @param method such as GET
   * @param path with its query
   * @param contentType of the body; without meaning if that is empty
   * @param body what is sent, or ""
   * @throws ApiFailure if the answer is another than success
   */
  JsonObject call(String method, String path, String contentType, String body)
      throws ApiFailure, InterruptedException {
    String name = name(method, path);
    String text =
        send(
                name,
                request(method, path, contentType, body),
                HttpResponse.BodyHandlers.ofString(),
                Function.identity())
            .body();
    try {
      return JsonParser.parseString(text).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new ApiFailure(name, "the answer is not what an API server says: " + text(e), e);
    }
  }

  /**
   * Asks for something that goes on; its end can be closed by any thread.
   *
   * @param path with its query
   * @throws ApiFailure if the answer is another than success
   */
  InputStream stream(String path) throws ApiFailure, InterruptedException {
    return send(
            name("GET", path),
            request("GET", path, JSON, ""),
            HttpResponse.BodyHandlers.ofInputStream(),
            ApiClient::beginning)
        .body();
  }

  private HttpRequest request(String method, String path, String contentType, String body)
      throws ApiFailure {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("https://" + access.server() + path))
            .header("Accept", JSON)
            .header("User-Agent", "meshx-agent");
    switch (access.credentials()) {
      case ApiAccess.Credentials.Token(Material text) -> {
        try {
          request.header("Authorization", "Bearer " + BearerToken.read(text).text());
        } catch (IOException e) {
          throw new ApiFailure(name(method, path), "reading the token: " + text(e), e);
        }
      }
      case ApiAccess.Credentials.Certificate _ -> {}
    }
    if (!body.isEmpty()) {
      request.header("Content-Type", contentType);
    }
    return request.method(method, HttpRequest.BodyPublishers.ofString(body)).build();
  }

  private <T> HttpResponse<T> send(
      String name, HttpRequest request, HttpResponse.BodyHandler<T> body, Function<T, String> words)
      throws ApiFailure, InterruptedException {
    Instant allowed = notBefore();
    if (allowed.isAfter(clock.instant())) {
      throw new ApiFailure(
          name,
          ApiFailure.TOO_MANY,
          "the API server asked to be left alone until " + allowed,
          Optional.of(Duration.between(clock.instant(), allowed)));
    }
    sent.increment();
    CompletableFuture<HttpResponse<T>> coming;
    try {
      coming = client().sendAsync(request, body);
    } catch (IOException e) {
      throw new ApiFailure(name, text(e), e);
    }
    try {
      HttpResponse<T> response = coming.get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
      if (response.statusCode() < OK || response.statusCode() >= REDIRECT) {
        throw refused(name, response, words.apply(response.body()));
      }
      return response;
    } catch (TimeoutException e) {
      coming.cancel(true);
      throw new ApiFailure(name, "no answer within " + ANSWER.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new ApiFailure(name, text(cause), cause);
    }
  }

  private static String text(Throwable e) {
    String said = e.getMessage();
    return said == null || said.isEmpty() ? e.getClass().getSimpleName() : said;
  }

  private String name(String method, String path) {
    int query = path.indexOf('?');
    return method + " https://" + access.server() + (query < 0 ? path : path.substring(0, query));
  }

  private ApiFailure refused(String name, HttpResponse<?> response, String text) {
    Optional<Duration> wait =
        response.headers().firstValue("Retry-After").flatMap(ApiClient::seconds);
    wait.ifPresent(this::leaveAlone);
    return new ApiFailure(
        name, response.statusCode(), "HTTP " + response.statusCode() + ": " + message(text), wait);
  }

  private static String beginning(InputStream body) {
    try (body) {
      return new String(body.readNBytes(LONGEST_REFUSAL), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "an answer that broke off: " + text(e);
    }
  }

  private static Optional<Duration> seconds(String text) {
    return text.matches("[0-9]{1,5}")
        ? Optional.of(Duration.ofSeconds(Math.min(LONGEST_WAIT, Long.parseLong(text))))
        : Optional.empty();
  }

  /** What a Status object says, or the beginning of what is none. */
  private static String message(String body) {
    try {
      JsonObject status = JsonParser.parseString(body).getAsJsonObject();
      if (status.has("message")) {
        return status.get("message").getAsString();
      }
    } catch (JsonParseException | IllegalStateException e) {
      // Something between here and the API server answered; its words are below.
      return body.strip().lines().findFirst().orElse("an empty answer");
    }
    return body.strip().lines().findFirst().orElse("an empty answer");
  }

  private synchronized Instant notBefore() {
    return notBefore;
  }

  private synchronized void leaveAlone(Duration wait) {
    notBefore = clock.instant().plus(wait);
  }

  /** One for the files as they are now: authorities and certificates are replaced. */
  private synchronized HttpClient client() throws IOException {
    List<Object> from = files();
    HttpClient there = client;
    if (there == null || !from.equals(madeFrom)) {
      if (there != null) {
        there.shutdown();
      }
      there =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(CONNECT)
              .sslContext(Tls.context(access))
              .executor(Executors.newVirtualThreadPerTaskExecutor())
              .build();
      client = there;
      madeFrom = from;
    }
    return there;
  }

  private List<Object> files() throws IOException {
    List<Object> seen = new ArrayList<>(List.of(MaterialText.version(access.authority())));
    switch (access.credentials()) {
      case ApiAccess.Credentials.Token _ -> {}
      case ApiAccess.Credentials.Certificate(Material certificate, Material key) -> {
        seen.add(MaterialText.version(certificate));
        seen.add(MaterialText.version(key));
      }
    }
    return seen;
  }

  /** When our credentials end, if they say so. */
  Optional<Instant> expires() {
    return switch (access.credentials()) {
      case ApiAccess.Credentials.Token(Material text) -> {
        try {
          yield BearerToken.read(text).expires();
        } catch (IOException e) {
          // A request says why it cannot be used.
          yield Optional.empty();
        }
      }
      case ApiAccess.Credentials.Certificate(Material certificate, Material _) ->
          Tls.expires(certificate);
    };
  }

  @Override
  public synchronized void close() {
    HttpClient there = client;
    if (there != null) {
      there.shutdownNow();
    }
  }
}
