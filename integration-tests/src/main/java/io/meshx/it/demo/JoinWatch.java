// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.demo;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.LabException;
import io.meshx.it.mesh.MeshHost;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Follows the join of one host by the agent's metrics and tells each step when it is done. */
final class JoinWatch {
  private static final Pattern STEP_DONE =
      Pattern.compile("meshx_step_done\\{scope=\"([^\"]+)\",step=\"([^\"]+)\"} 1(\\.0)?");
  private static final Pattern JOINED = Pattern.compile("(?m)^meshx_joined 1(\\.0)?$");

  private final Story story;
  private final MeshHost host;
  private final Set<String> told = new HashSet<>();

  JoinWatch(Story story, MeshHost host) {
    this.story = story;
    this.host = host;
  }

  /**
   * Returns when the host has joined.
   *
   * @throws LabException when it has not after {@link MeshHost#TIME_TO_JOIN}
   */
  void run() {
    long began = System.nanoTime();
    host.host().exec("systemctl", "start", MeshHost.AGENT_UNIT).ok();
    story.line("%s  agent runs, %s after 'systemctl start'".formatted(host.name(), since(began)));
    Await.until(
        host.name() + " to join",
        MeshHost.TIME_TO_JOIN,
        () -> {
          String metrics = host.metrics();
          tell(metrics);
          return JOINED.matcher(metrics).find();
        });
    story.line("%s  has joined, %s after 'systemctl start'".formatted(host.name(), since(began)));
  }

  private void tell(String metrics) {
    List<String> news = new ArrayList<>();
    Matcher matcher = STEP_DONE.matcher(metrics);
    while (matcher.find()) {
      String step =
          (matcher.group(1).equals("host") ? "" : matcher.group(1) + ": ") + matcher.group(2);
      if (told.add(step)) {
        news.add(step);
      }
    }
    if (!news.isEmpty()) {
      story.line("%s    %s".formatted(host.name(), String.join(", ", news)));
    }
  }

  private static String since(long began) {
    return "%.2f s".formatted(Duration.ofNanos(System.nanoTime() - began).toMillis() / 1000.0);
  }
}
