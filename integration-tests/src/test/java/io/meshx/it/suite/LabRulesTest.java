// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The packages of the lab keep to what they may know. */
final class LabRulesTest {
  private static final JavaClasses CLASSES = new ClassFileImporter().importPackages("io.meshx.it");

  @Test
  void onlyExecStartsProcesses() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.meshx.it.exec")
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.lang\\.(Process|ProcessBuilder)")
        .check(CLASSES);
  }

  @Test
  void nobodySleeps() {
    noClasses()
        .should()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callMethod(Thread.class, "sleep", Duration.class)
        .check(CLASSES);
  }

  @Test
  void hostsAndClusterDoNotKnowEachOther() {
    noClasses()
        .that()
        .resideInAPackage("io.meshx.it.host..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.meshx.it.cluster..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("io.meshx.it.cluster..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.meshx.it.host..")
        .check(CLASSES);
  }

  @Test
  void aHostDoesNotKnowHowItIsMade() {
    noClasses()
        .that()
        .resideInAPackage("io.meshx.it.host")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.meshx.it.host.nspawn", "io.meshx.it.host.vagrant")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    SlicesRuleDefinition.slices()
        .matching("io.meshx.it.(*)..")
        .should()
        .beFreeOfCycles()
        .check(CLASSES);
  }
}
