// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.registry.ApiAccess;
import io.meshx.agent.registry.ApiHealth;
import io.meshx.agent.registry.ClusterAccess;
import io.meshx.agent.registry.Material;
import io.meshx.agent.registry.Readiness;
import io.meshx.agent.registry.RegistryView;
import io.meshx.agent.registry.ResourceName;
import io.meshx.agent.registry.ResourceState;
import io.meshx.agent.testing.FakeFiles;
import io.meshx.agent.testing.TestCertificates;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a real API server does only in trouble; the one here does it on request. */
final class AwkwardServerTest {
  private static final WorkloadName WEB = new WorkloadName("web");
  private static final ResourceName RESOURCE =
      new ResourceName(new WorkloadName("mixed-env"), new WorkloadName("web-vm-1"));
  private static final String EMPTY_LIST =
      "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[]}";

  private static final String READY =
      "{\"metadata\":{\"name\":\"web-vm-1\",\"resourceVersion\":\"7\"},\"status\":{\"conditions\":"
          + "[{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"Joined\"}]}}";

  /** What is answered to one request. */
  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  @TempDir Path directory;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch over = new CountDownLatch(1);
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  private final ArrayDeque<Answer> script = new ArrayDeque<>();
  private final LinkedBlockingQueue<String> signals = new LinkedBlockingQueue<>();
  private volatile Duration later = Duration.ZERO;
  private HttpsServer server;
  private KubernetesRegistry registry;

  @BeforeEach
  void open() throws IOException, GeneralSecurityException {
    TestCertificates certificates = new TestCertificates();
    Instant now = Instant.now();
    Files.writeString(
        directory.resolve("ca.pem"), TestCertificates.pem("CERTIFICATE", certificates.root(now)));
    Files.writeString(directory.resolve("token"), "of-a-test");
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(certificates.server(certificates.loopbackServer(now))));
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
    registry =
        new KubernetesRegistry(
            directory.resolve("enlisted"),
            new FakeFiles(List.of(), Set.of(directory)),
            () -> Instant.now().plus(later),
            new SecureRandom());
    registry.onChange(() -> signals.add("again"));
  }

  @AfterEach
  void close() {
    registry.close();
    over.countDown();
    server.stop(0);
    threads.close();
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
    Answer next;
    synchronized (script) {
      next = script.isEmpty() ? this::nothingNew : script.removeFirst();
    }
    next.to(exchange);
  }

  /** A list of nothing, or a watch in which nothing happens. */
  private void nothingNew(HttpExchange exchange) throws IOException {
    if (exchange.getRequestURI().toString().contains("watch=true")) {
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().flush();
      try {
        over.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      exchange.close();
    } else {
      says(200, EMPTY_LIST).to(exchange);
    }
  }

  private static Answer says(int status, String body, String... header) {
    return exchange -> {
      if (header.length > 0) {
        exchange.getResponseHeaders().add(header[0], header[1]);
      }
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(bytes);
      }
    };
  }

  /** A watch that says this and then breaks off. */
  private static Answer breaksOff(String lines) {
    return exchange -> {
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(lines.getBytes(StandardCharsets.UTF_8));
      exchange.getResponseBody().flush();
      exchange.close();
    };
  }

  private static String event(String type, int version) {
    return "{\"type\":\"%s\",\"object\":{\"metadata\":{\"name\":\"web-vm-1\",\"resourceVersion\":\"%d\"}}}\n"
        .formatted(type, version);
  }

  private void follow(Answer... answers) {
    synchronized (script) {
      script.addAll(List.of(answers));
    }
    registry.follow(
        Optional.of(
            new ClusterAccess(
                new ApiAccess(
                    HostPort.parse("127.0.0.1:" + server.getAddress().getPort()),
                    new Material.InFile(directory.resolve("ca.pem")),
                    new ApiAccess.Credentials.Token(
                        new Material.InFile(directory.resolve("token")))),
                new WorkloadName("vm-1"),
                Duration.ZERO)),
        new TreeSet<>(Set.of(RESOURCE)));
  }

  private void await(Predicate<RegistryView> wanted) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!wanted.test(registry.observe())) {
      assertTrue(System.nanoTime() < end, registry.observe() + " after " + requests);
      signals.poll(50, TimeUnit.MILLISECONDS);
    }
  }

  private static boolean absent(RegistryView view) {
    return view.resources().get(RESOURCE) instanceof ResourceState.Absent;
  }

  private static boolean present(RegistryView view) {
    return view.resources().get(RESOURCE) instanceof ResourceState.Present;
  }

  private static boolean fails(RegistryView view, String why) {
    return view.api() instanceof ApiHealth.Fails(String text, boolean _) && text.contains(why);
  }

  private void awaitRequests(int number) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (requests.size() < number) {
      assertTrue(System.nanoTime() < end, requests.toString());
      signals.poll(50, TimeUnit.MILLISECONDS);
    }
  }

  @Test
  void errorsOfTheServerAreSaidAndOutlasted() throws InterruptedException {
    Answer broken = says(503, "<html>no backend</html>");
    follow(broken, broken);
    await(view -> fails(view, "HTTP 503: <html>no backend</html>"));
    await(AwkwardServerTest::absent);
  }

  @Test
  void whoIsAskedToWaitSendsNothingMeanwhile() throws InterruptedException {
    follow(says(429, "{\"message\":\"too many requests\"}", "Retry-After", "2"));
    await(view -> fails(view, "too many requests"));
    HostException refused =
        assertThrows(
            HostException.class,
            () -> registry.setReady(RESOURCE, WEB, new Readiness(true, "Joined", "")));
    assertTrue(
        String.valueOf(refused.getMessage()).contains("left alone until"), refused::toString);
    assertEquals(1, requests.size(), requests::toString);
    await(AwkwardServerTest::absent);
  }

  @Test
  void aWatchGoesOnWhereItBrokeOff() throws InterruptedException {
    follow(
        says(200, EMPTY_LIST),
        breaksOff(event("ADDED", 8) + event("BOOKMARK", 11) + "{\"type\":\"MODI"));
    await(AwkwardServerTest::present);
    awaitRequests(3);

    assertTrue(requests.get(1).contains("resourceVersion=7"), requests::toString);
    assertTrue(requests.get(2).contains("watch=true"), requests::toString);
    assertTrue(requests.get(2).contains("resourceVersion=11"), requests::toString);
  }

  @Test
  void aVersionThatIsTooOldHasItListedAnew() throws InterruptedException {
    follow(
        says(200, EMPTY_LIST),
        breaksOff(
            event("ADDED", 8)
                + "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,"
                + "\"message\":\"too old resource version\"}}\n"));
    awaitRequests(4);
    await(AwkwardServerTest::absent);

    assertTrue(!requests.get(2).contains("watch=true"), requests::toString);
    assertTrue(registry.observe().api() instanceof ApiHealth.Answers, requests::toString);
  }

  @Test
  void aSlowAnswerHoldsUpNobodyWhoLooks() throws InterruptedException {
    CountDownLatch slow = new CountDownLatch(1);
    follow(exchange -> {
      try {
        slow.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      nothingNew(exchange);
    });
    awaitRequests(1);

    assertTrue(
        registry.observe().resources().get(RESOURCE) instanceof ResourceState.Unknown,
        registry.observe()::toString);
    slow.countDown();
    await(AwkwardServerTest::absent);
  }

  @Test
  void aConflictIsSaidAndTriedAgain() throws Exception {
    follow(says(200, "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[" + READY + "]}"));
    await(AwkwardServerTest::present);
    awaitRequests(2);
    synchronized (script) {
      script.add(says(409, "{\"message\":\"the object has been modified\"}"));
      script.add(says(200, READY.replace("True", "False")));
    }
    Readiness not = new Readiness(false, "Leaving", "it leaves");

    HostException conflict =
        assertThrows(HostException.class, () -> registry.setReady(RESOURCE, WEB, not));
    assertTrue(
        String.valueOf(conflict.getMessage()).contains("HTTP 409: the object has been modified"),
        conflict::toString);
    assertTrue(registry.observe().api() instanceof ApiHealth.Answers, requests::toString);
    registry.setReady(RESOURCE, WEB, not);

    await(view -> heard(view));
  }

  /** A leave is not held up for ever by a server that answers and refuses. */
  @Test
  void whatIsRefusedForLongCountsAsHeard() throws InterruptedException {
    follow(says(200, "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[" + READY + "]}"));
    await(AwkwardServerTest::present);
    awaitRequests(2);
    synchronized (script) {
      script.add(says(422, "{\"message\":\"denied\"}"));
    }
    assertThrows(
        HostException.class,
        () -> registry.setReady(RESOURCE, WEB, new Readiness(false, "Leaving", "it leaves")));
    assertTrue(!heard(registry.observe()), registry.observe()::toString);

    later = Duration.ofSeconds(6);

    assertTrue(heard(registry.observe()), registry.observe()::toString);
  }

  private static boolean heard(RegistryView view) {
    return view.resources().get(RESOURCE) instanceof ResourceState.Present there && there.heard();
  }

  @Test
  void whatIsNoJsonIsSaid() throws InterruptedException {
    follow(says(200, "<html>sign in</html>"));
    await(view -> fails(view, "not what an API server says"));
    await(AwkwardServerTest::absent);
  }
}
