// SPDX-License-Identifier: Apache-2.0
package io.meshx.it;

import io.meshx.it.exec.Cgroup;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Step;
import io.meshx.it.net.LabId;
import io.meshx.it.net.Namespace;
import io.meshx.it.net.WorkDirectory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Removes what labs left behind whose process is gone: processes, namespaces, control groups,
 * directories. As a program it exits with 1 when something remains. It needs nothing but the JDK.
 */
public final class Sweep {
  private Sweep() {}

  /** Sweeps and says what was found. */
  public static void main(String[] args) {
    List<String> remains = run();
    remains.forEach(each -> System.err.println("sweep: remains: " + each));
    System.exit(remains.isEmpty() ? 0 : 1);
  }

  /**
   * Removes what dead labs left.
   *
   * @return what could not be removed, one line each
   */
  public static List<String> run() {
    List<String> remains = new ArrayList<>();
    for (LabId id : dead()) {
      try (Step step = Step.of("sweep lab " + id)) {
        remains.addAll(remove(id));
        step.done();
      }
    }
    return remains;
  }

  /** Everything on this machine that belongs to a lab, living or dead, one line each. */
  public static List<String> leftovers(LabId id) {
    List<String> found = new ArrayList<>();
    Cgroup.startingWith(id.text() + "-").forEach(name -> found.add("control group " + name));
    Namespace.ofLabs().stream()
        .filter(name -> LabId.owning(name).filter(id::equals).isPresent())
        .forEach(name -> found.add("namespace " + name));
    WorkDirectory.all().stream()
        .filter(each -> each.id().equals(id))
        .forEach(each -> found.add("directory " + each.path()));
    return found;
  }

  /** Removes a lab by its name alone and goes on after a failure; what remains, one line each. */
  public static List<String> remove(LabId id) {
    List<String> failures = new ArrayList<>();
    for (String name : Cgroup.startingWith(id.text() + "-")) {
      attempt(failures, () -> Cgroup.named(name).remove());
    }
    for (String name : Namespace.ofLabs()) {
      if (LabId.owning(name).filter(id::equals).isPresent()) {
        attempt(failures, () -> Namespace.named(name).close());
      }
    }
    if (failures.isEmpty()) { // It says whose the rest is, so it goes last.
      for (WorkDirectory each : WorkDirectory.all()) {
        if (each.id().equals(id)) {
          attempt(failures, () -> delete(each));
        }
      }
    }
    failures.addAll(leftovers(id));
    return failures;
  }

  private static void delete(WorkDirectory directory) {
    Command.of("rm", "-rf", "--one-file-system", directory.path().toString())
        .within(Duration.ofMinutes(2))
        .run()
        .ok();
  }

  private static void attempt(List<String> failures, Runnable removal) {
    try {
      removal.run();
    } catch (LabException e) {
      failures.add(String.valueOf(e.getMessage()));
    }
  }

  private static Set<LabId> dead() {
    Set<String> names = new TreeSet<>(Cgroup.startingWith("mx"));
    names.addAll(Namespace.ofLabs());
    Set<String> found =
        names.stream()
            .map(LabId::owning)
            .flatMap(Optional::stream)
            .map(LabId::text)
            .collect(Collectors.toCollection(TreeSet::new));
    List<WorkDirectory> directories = WorkDirectory.all();
    directories.forEach(each -> found.add(each.id().text()));
    directories.stream()
        .filter(WorkDirectory::owned)
        .forEach(each -> found.remove(each.id().text()));
    return found.stream().map(LabId::new).collect(Collectors.toCollection(LinkedHashSet::new));
  }
}
