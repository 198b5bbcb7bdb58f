// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.bench;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.meshx.it.exec.LabException;
import io.meshx.it.host.Host;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Takes times inside a host, by {@code clock.py}. */
final class Clock {
  /** Where the benchmarks' own files are on the host. */
  static final String DIRECTORY = "/opt/bench";

  private static final String PROGRAM = DIRECTORY + "/clock.py";

  private final Host host;

  /** Installs it. */
  Clock(Host host) {
    this.host = host;
    host.write(PROGRAM, resource("clock.py"));
  }

  /** A file that comes with the benchmarks. */
  static String resource(String name) {
    try (InputStream in = Clock.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new LabException("looking for '" + name + "' among the classes: it is not there");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new LabException("reading '" + name + "'", e);
    }
  }

  /** Runs one of its verbs. */
  JsonElement take(String... verbAndArguments) {
    return take(List.of(), verbAndArguments);
  }

  /** The same in an empty network namespace. */
  JsonElement takeApart(String... verbAndArguments) {
    return take(List.of("unshare", "--net"), verbAndArguments);
  }

  private JsonElement take(List<String> within, String... verbAndArguments) {
    List<String> argv = new ArrayList<>(within);
    argv.addAll(List.of("python3", PROGRAM));
    argv.addAll(Arrays.asList(verbAndArguments));
    return JsonParser.parseString(
        host.exec(Duration.ofMinutes(3), argv.toArray(String[]::new)).ok().stdout());
  }

  /** A verb that gives one number. */
  double number(String... verbAndArguments) {
    return take(verbAndArguments).getAsDouble();
  }

  /** A verb that gives several. */
  Numbers numbers(String... verbAndArguments) {
    return numbers(take(verbAndArguments));
  }

  /** Those of an array. */
  static Numbers numbers(JsonElement array) {
    return new Numbers(
        array.getAsJsonArray().asList().stream().map(JsonElement::getAsDouble).toList());
  }
}
