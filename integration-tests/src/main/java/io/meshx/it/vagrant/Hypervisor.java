// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.vagrant;

import io.meshx.it.exec.Await;
import io.meshx.it.exec.Cgroup;
import io.meshx.it.exec.Command;
import io.meshx.it.exec.Daemon;
import io.meshx.it.exec.Isolation;
import io.meshx.it.exec.LabException;
import io.meshx.it.exec.Result;
import io.meshx.it.exec.Step;
import io.meshx.it.net.Namespace;
import io.meshx.it.net.WorkDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What runs the machines.
 *
 * @param emulated whether processors are emulated, some ten times as slow
 * @param enter an argv prefix behind which the machines are reached
 * @param environment what Vagrant must know of it
 */
record Hypervisor(boolean emulated, List<String> enter, Map<String, String> environment) {
  private static final String NAME = "libvirt";

  Hypervisor {
    enter = List.copyOf(enter);
    environment = Map.copyOf(environment);
  }

  /**
   * The system's, or, where no libvirt runs, one in namespaces of its own, which needs root and
   * goes with the lab that the directory belongs to.
   */
  static Hypervisor of(Settings settings, WorkDirectory directory) {
    if (settings.virtualbox()) {
      return new Hypervisor(false, List.of(), Map.of());
    }
    Result asked = Command.of("virsh", "--connect", "qemu:///system", "version").run();
    if (asked.succeeded()) {
      String driver = driver("kvm");
      return new Hypervisor(
          driver.equals("qemu"),
          List.of(),
          Map.of("VAGRANT_LIBVIRT_DRIVER", driver, "VAGRANT_HOME", home()));
    }
    if (!System.getProperty("user.name").equals("root")) {
      throw new LabException(
          "asking the system's libvirt: %s; start it ('systemctl start libvirtd') and be in its group ('usermod -aG libvirt $USER'), or run this as root, who starts one that emulates"
              .formatted(asked.stderr().strip()));
    }
    return start(settings, directory);
  }

  private static String driver(String usual) {
    String given = System.getenv("VAGRANT_LIBVIRT_DRIVER");
    return given == null ? usual : given;
  }

  private static String home() {
    String given = System.getenv("VAGRANT_HOME");
    return given == null ? System.getProperty("user.home") + "/.vagrant.d" : given;
  }

  private static Hypervisor start(Settings settings, WorkDirectory directory) {
    try (Step step = Step.of("start a libvirt of our own, since none runs here; it emulates")) {
      Namespace network = Namespace.create(directory.id().name(NAME));
      Cgroup group = Cgroup.named(directory.id().name(NAME)).create();
      Path files = directory.path().resolve(NAME);
      List<String> argv = new ArrayList<>(network.enter());
      argv.addAll(Isolation.PREFIX);
      argv.addAll(
          List.of(settings.directory().resolve("private-libvirt").toString(), files.toString()));
      Daemon daemon =
          Daemon.start(NAME, group, argv, Map.of(), directory.path().resolve("libvirt.log"));
      List<String> enter = new ArrayList<>();
      daemon.awaitReady(
          "answers",
          Duration.ofSeconds(30),
          () -> {
            enter.clear();
            enter.addAll(inside(daemon));
            return Command.of("virsh", "--connect", "qemu:///system", "version")
                .in(NAME, enter)
                .run()
                .succeeded();
          });
      step.done();
      Map<String, String> environment = new TreeMap<>();
      environment.put("VAGRANT_LIBVIRT_DRIVER", driver("qemu"));
      environment.put("VAGRANT_HOME", directory.path().resolve("vagrant").toString());
      environment.put("VAGRANT_DOTFILE_PATH", directory.path().resolve("dotfile").toString());
      return new Hypervisor(true, enter, environment);
    }
  }

  /** The shell that is the first process of the namespaces is the only child of unshare. */
  private static List<String> inside(Daemon daemon) {
    return Await.value(
            Duration.ofSeconds(10),
            () ->
                ProcessHandle.of(daemon.pid()).stream()
                    .flatMap(ProcessHandle::children)
                    .findFirst()
                    .map(shell ->
                        List.of(
                            "nsenter",
                            "--target=" + shell.pid(),
                            "--net",
                            "--mount",
                            "--pid",
                            "--")))
        .orElseThrow(() -> new LabException("starting libvirt: " + daemon.log()));
  }
}
