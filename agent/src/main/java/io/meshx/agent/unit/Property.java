// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The value of a unit property, by its D-Bus type. */
public sealed interface Property {
  /** {@code s}. */
  record Text(String value) implements Property {}

  /** {@code b}. */
  record Flag(boolean value) implements Property {}

  /**
   * {@code t}: a number, a size in bytes, a mask, or a time in microseconds.
   *
   * @param value taken as unsigned, so that -1 is systemd's infinity
   */
  record Unsigned(long value) implements Property {
    /** A time. */
    public static Unsigned micros(Duration time) {
      return new Unsigned(time.toNanos() / 1000);
    }
  }

  /** {@code i}. */
  record Signed32(int value) implements Property {}

  /**
   * {@code u}.
   *
   * @param value 0 or more
   */
  record Unsigned32(int value) implements Property {}

  /** {@code as}. */
  record Strings(List<String> values) implements Property {
    /** Keeps a copy. */
    public Strings {
      values = List.copyOf(values);
    }
  }

  /** {@code a(sasb)}: commands, each of which must end well. */
  record Commands(List<List<String>> argvs) implements Property {
    /** Keeps a copy. */
    public Commands {
      argvs = argvs.stream().map(List::copyOf).toList();
    }
  }

  /** {@code a(sb)}: environment files, each of which must exist. */
  record EnvironmentFiles(List<String> paths) implements Property {
    /** Keeps a copy. */
    public EnvironmentFiles {
      paths = List.copyOf(paths);
    }
  }

  /** {@code a(ss)}: credential names and the files they are loaded from. */
  record Credentials(SortedMap<String, String> paths) implements Property {
    /** Keeps a copy. */
    public Credentials {
      paths = Collections.unmodifiableSortedMap(new TreeMap<>(paths));
    }
  }

  /** {@code a(say)}: names of credentials that are empty where there is no file to load. */
  record EmptyCredentials(List<String> names) implements Property {
    /** Keeps a copy. */
    public EmptyCredentials {
      names = List.copyOf(names);
    }
  }

  /** {@code (aiai)} without signals: exit statuses. */
  record ExitStatuses(List<Integer> statuses) implements Property {
    /** Keeps a copy. */
    public ExitStatuses {
      statuses = List.copyOf(statuses);
    }
  }

  /** {@code aay}: fields that journald adds to each line of the unit. */
  record JournalFields(SortedMap<String, String> fields) implements Property {
    /** Keeps a copy. */
    public JournalFields {
      fields = Collections.unmodifiableSortedMap(new TreeMap<>(fields));
    }
  }

  /** {@code (bas)} with true: all that is allowed of its kind. */
  record AllowList(List<String> values) implements Property {
    /** Keeps a copy. */
    public AllowList {
      values = List.copyOf(values);
    }
  }
}
