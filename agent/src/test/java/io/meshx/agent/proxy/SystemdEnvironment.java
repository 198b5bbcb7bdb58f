// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.proxy;

import java.util.Map;
import java.util.TreeMap;

/**
 * Reads an environment file by systemd's rules, for tests.
 *
 * @see <a href="https://github.com/systemd/systemd/blob/v252/src/basic/env-file.c">env-file.c</a>
 */
final class SystemdEnvironment {
  private enum State {
    BEFORE_KEY,
    COMMENT,
    KEY,
    BEFORE_VALUE,
    VALUE,
    VALUE_ESCAPE,
    SINGLE,
    DOUBLE,
    DOUBLE_ESCAPE
  }

  private final Map<String, String> variables = new TreeMap<>();
  private final StringBuilder key = new StringBuilder();
  private final StringBuilder value = new StringBuilder();
  private int unquotedBlanks;
  private State state = State.BEFORE_KEY;

  static Map<String, String> parse(String text) {
    SystemdEnvironment parser = new SystemdEnvironment();
    text.chars().forEach(c -> parser.take((char) c));
    parser.take('\n');
    if (parser.state != State.BEFORE_KEY) {
      throw new IllegalArgumentException("the text ends in state " + parser.state);
    }
    return parser.variables;
  }

  private void take(char c) {
    boolean end = c == '\n' || c == '\r';
    boolean blank = c == ' ' || c == '\t' || end;
    state =
        switch (state) {
          case BEFORE_KEY -> {
            if (c == '#' || c == ';') {
              yield State.COMMENT;
            }
            if (blank) {
              yield State.BEFORE_KEY;
            }
            key.append(c);
            yield State.KEY;
          }
          case COMMENT -> end ? State.BEFORE_KEY : State.COMMENT;
          case KEY -> {
            if (end) {
              throw new IllegalArgumentException("'" + key + "' has no value");
            }
            if (c == '=') {
              yield State.BEFORE_VALUE;
            }
            key.append(c);
            yield State.KEY;
          }
          case BEFORE_VALUE -> unquoted(c, end, blank, State.BEFORE_VALUE);
          case VALUE -> {
            if (end) {
              yield finish();
            }
            if (c == '\\') {
              unquotedBlanks = 0;
              yield State.VALUE_ESCAPE;
            }
            unquotedBlanks = blank ? unquotedBlanks + 1 : 0;
            value.append(c);
            yield State.VALUE;
          }
          case VALUE_ESCAPE -> {
            if (!end) {
              value.append(c);
            }
            yield State.VALUE;
          }
          case SINGLE -> {
            if (c == '\'') {
              yield State.BEFORE_VALUE;
            }
            value.append(c);
            yield State.SINGLE;
          }
          case DOUBLE -> {
            if (c == '"') {
              yield State.BEFORE_VALUE;
            }
            if (c == '\\') {
              yield State.DOUBLE_ESCAPE;
            }
            value.append(c);
            yield State.DOUBLE;
          }
          case DOUBLE_ESCAPE -> {
            if ("\"\\`$".indexOf(c) >= 0) {
              value.append(c);
            } else if (c != '\n') {
              value.append('\\').append(c);
            }
            yield State.DOUBLE;
          }
        };
  }

  private State unquoted(char c, boolean end, boolean blank, State blankState) {
    if (end) {
      return finish();
    }
    if (c == '\'') {
      return State.SINGLE;
    }
    if (c == '"') {
      return State.DOUBLE;
    }
    if (c == '\\') {
      return State.VALUE_ESCAPE;
    }
    if (blank) {
      return blankState;
    }
    value.append(c);
    return State.VALUE;
  }

  private State finish() {
    value.setLength(value.length() - unquotedBlanks);
    variables.put(key.toString().strip(), value.toString());
    key.setLength(0);
    value.setLength(0);
    unquotedBlanks = 0;
    return State.BEFORE_KEY;
  }
}
