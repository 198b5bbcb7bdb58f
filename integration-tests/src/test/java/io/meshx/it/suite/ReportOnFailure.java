// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.suite;

import io.meshx.it.Lab;
import io.meshx.it.exec.Step;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;

/**
 * Writes what is known about a lab below {@code target/diagnostics} when a test or what comes
 * before it fails, while the lab still is there.
 */
final class ReportOnFailure
    implements AfterTestExecutionCallback, LifecycleMethodExecutionExceptionHandler {
  private final Supplier<@Nullable Lab> lab;

  ReportOnFailure(Supplier<@Nullable Lab> lab) {
    this.lab = lab;
  }

  @Override
  public void afterTestExecution(ExtensionContext context) {
    if (context.getExecutionException().isPresent()) {
      report(context);
    }
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    report(context);
    throw failure;
  }

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    report(context);
    throw failure;
  }

  private void report(ExtensionContext context) {
    Lab failed = lab.get();
    if (failed != null) {
      String test =
          context.getRequiredTestClass().getSimpleName()
              + context.getTestMethod().map(method -> "." + method.getName()).orElse("");
      Path into = Path.of(System.getProperty("meshx.diagnostics", "target/diagnostics"), test);
      failed.report(into);
      Step.note(test + " failed; what is known is in " + into);
    }
  }
}
