// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the rules of the tree: a noun package is pure, its sub-package has the effects. */
class ArchitectureTest {
  private static final String ROOT = "io.meshx.agent";
  private static final Path SOURCES = Path.of("src/main/java/io/meshx/agent");
  private static final String[] PURE =
      Stream.of(
              "model",
              "plan",
              "unit",
              "firewall",
              "connection",
              "trial",
              "filter",
              "inlet",
              "route",
              "dns",
              "file",
              "host",
              "identity",
              "delivery",
              "spire",
              "proxy",
              "process",
              "health",
              "registry")
          .map(name -> ROOT + "." + name)
          .toArray(String[]::new);
  private static final String[] ADAPTERS =
      Stream.of(
              "unit.systemd",
              "firewall.iptables",
              "firewall.nftables",
              "connection.conntrack",
              "trial.file",
              "filter.bpf",
              "inlet.firewalld",
              "inlet.nftables",
              "inlet.ufw",
              "route.iproute",
              "dns.resolved",
              "file.posix",
              "host.linux",
              "bus",
              "socket",
              "identity.workloadapi",
              "delivery.tmpfs",
              "spire.api",
              "proxy.admin",
              "health.local",
              "registry.kubernetes",
              "exec")
          .map(name -> ROOT + "." + name)
          .toArray(String[]::new);

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  private static final ArchRule PURE_PACKAGES_KNOW_NO_EFFECT =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(ADAPTERS)
                  .or(
                      resideInAnyPackage(
                          "java.net.http..",
                          "java.nio.channels..",
                          "io.grpc..",
                          "io.netty..",
                          "org.freedesktop..",
                          "org.slf4j..",
                          ROOT + ".reconcile",
                          ROOT + ".status",
                          ROOT + ".cli")));

  private static final ArchRule PURE_PACKAGES_TOUCH_NO_FILE =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.nio.file.Files");

  private static final ArchRule ONLY_EXEC_STARTS_PROCESSES =
      noClasses()
          .that(not(resideInAPackage(ROOT + ".exec")))
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.ProcessBuilder")
          .orShould()
          .callMethod(Runtime.class, "exec", String[].class);

  private static final ArchRule ONLY_WIRING_CONSTRUCTS_ADAPTERS =
      noClasses()
          .that()
          .haveNameNotMatching(ROOT.replace(".", "\\.") + "\\.(Wiring|Rehearsal).*")
          .and(not(resideInAnyPackage(ADAPTERS)))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(ADAPTERS)
                  .and(not(resideInAPackage(ROOT + ".exec")))
                  .or(resideInAnyPackage("org.freedesktop..")));

  private static final ArchRule NOBODY_SLEEPS =
      noClasses().should().callMethod(Thread.class, "sleep", long.class);

  private static final ArchRule EACH_ADAPTER_KNOWS_NO_OTHER =
      classes()
          .that()
          .resideInAnyPackage(ADAPTERS)
          .should()
          .onlyDependOnClassesThat(
              not(
                  resideInAnyPackage(
                      ROOT + ".plan",
                      ROOT + ".reconcile",
                      ROOT + ".cli",
                      ROOT + ".status",
                      ROOT + ".config")));

  @Test
  void classesWereRead() {
    assertTrue(CLASSES.size() > 100, "only " + CLASSES.size() + " classes");
  }

  @Test
  void purePackagesKnowNoEffect() {
    PURE_PACKAGES_KNOW_NO_EFFECT.check(CLASSES);
    PURE_PACKAGES_TOUCH_NO_FILE.check(CLASSES);
  }

  @Test
  void onlyExecStartsProcesses() {
    ONLY_EXEC_STARTS_PROCESSES.check(CLASSES);
  }

  @Test
  void onlyWiringConstructsAdapters() {
    ONLY_WIRING_CONSTRUCTS_ADAPTERS.check(CLASSES);
  }

  @Test
  void adaptersKnowNeitherPlanNorConfiguration() {
    EACH_ADAPTER_KNOWS_NO_OTHER.check(CLASSES);
  }

  @Test
  void nobodySleeps() {
    NOBODY_SLEEPS.check(CLASSES);
  }

  @Test
  void theRulesBite() {
    JavaClasses violations = new ClassFileImporter().importPackages("seeded");
    for (ArchRule rule :
        List.of(
            noClasses().should().dependOnClassesThat().haveSimpleName("ProcessBuilder"),
            noClasses().should().callMethod(Thread.class, "sleep", long.class),
            noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.nio.file.Files"))) {
      assertThrows(AssertionError.class, () -> rule.check(violations), rule.getDescription());
    }
  }

  @Test
  void eachPackageSaysWhatItIsFor() throws IOException {
    try (Stream<Path> paths = Files.walk(SOURCES)) {
      for (Path directory : paths.filter(Files::isDirectory).toList()) {
        if (hasJava(directory)) {
          Path info = directory.resolve("package-info.java");
          assertTrue(Files.exists(info), info + " is missing");
          String text = Files.readString(info);
          assertTrue(text.contains("@NullMarked"), info + " is not @NullMarked");
          assertTrue(
              text.contains("must not")
                  || text.contains("must drop")
                  || text.contains("only place")
                  || text.contains("nothing here"),
              info + " does not say what the package must not know");
        }
      }
    }
  }

  private static boolean hasJava(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.anyMatch(file -> file.toString().endsWith(".java"));
    }
  }
}
