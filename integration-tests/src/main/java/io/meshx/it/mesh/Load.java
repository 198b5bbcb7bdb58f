// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.mesh;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import com.google.gson.annotations.SerializedName;
import io.meshx.it.exec.Await;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.host.Host;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/** Requests of a workload's user at a steady rate, each on a connection of its own. */
public final class Load {
  /** What the program takes at most. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  /** Each on its own thread, which costs nothing while it waits. */
  private static final Executor THREADS = task -> Thread.ofVirtual().name("load").start(task);

  /**
   * How it went.
   *
   * @param failed those without an answer, or with one other than 2xx, within 5 seconds
   * @param plain those that another workload answered without knowing who asked
   */
  public record Summary(
      int sent, int ok, int failed, int plain, @SerializedName("first_error") String firstError) {}

  private final Host host;
  private final String unit;
  private final CompletableFuture<Result> end;

  private Load(Host host, String unit, CompletableFuture<Result> end) {
    this.host = host;
    this.unit = unit;
    this.end = end;
  }

  /** Starts it; the user's redirect takes it through the workload's proxy. */
  static Load start(Host host, Workload as, String url, int perSecond, List<String> properties) {
    String unit = "load-" + as.name() + ".service";
    List<String> argv = new ArrayList<>(List.of("systemd-run"));
    argv.addAll(properties);
    argv.addAll(
        List.of(
            "--quiet",
            "--wait",
            "--pipe",
            "--collect",
            "--unit=" + unit,
            "--uid=" + as.user(),
            "/workload/start",
            "load",
            "-fresh",
            "-url",
            url,
            "-rate",
            Integer.toString(perSecond),
            "-duration",
            LONGEST.toSeconds() + "s"));
    CompletableFuture<Result> end =
        CompletableFuture.supplyAsync(
            () -> host.exec(LONGEST, argv.toArray(String[]::new)), THREADS);
    Load load = new Load(host, unit, end);
    Await.until("the load to run", Duration.ofSeconds(20), () -> load.runs() || end.isDone());
    return load;
  }

  private boolean runs() {
    return host.exec("systemctl", "is-active", "--quiet", unit).succeeded();
  }

  /**
   * Ends it and waits for the requests under way.
   *
   * @throws LabException when it did not run until now
   */
  public Summary end() {
    // One that has ended by itself says below why.
    host.exec("systemctl", "kill", "--signal=TERM", unit);
    try {
      Result result = end.join().ok();
      Summary summary = new Gson().fromJson(result.stdout(), Summary.class);
      if (summary == null) {
        throw new LabException("expected a summary: " + result);
      }
      return summary;
    } catch (CompletionException e) {
      throw new LabException("a load on " + host.name(), e.getCause() == null ? e : e.getCause());
    } catch (JsonParseException e) {
      throw new LabException("reading the summary of a load on " + host.name(), e);
    }
  }
}
