// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import io.meshx.agent.model.Port;
import io.meshx.agent.model.PortRange;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The forms that values have. */
final class Forms {
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,6})([MG])");
  private static final Pattern PERCENT = Pattern.compile("([1-9][0-9]{0,5})%");

  private Forms() {}

  /**
   * A string that a function turns into the value.
   *
   * @param reader refuses a string with an IllegalArgumentException whose message says why
   */
  static <T> Form<T> of(String allowed, Function<String, T> reader) {
    return new Form<>() {
      @Override
      public String allowed() {
        return allowed;
      }

      @Override
      public Optional<T> read(Node node, Findings findings) {
        if (!(node.value() instanceof Node.Value.Text(String text)) || text.isEmpty()) {
          return refuse(node, findings);
        }
        if (text.chars().anyMatch(Character::isISOControl)) {
          findings.add(node, "has a control character; allowed: " + allowed);
          return Optional.empty();
        }
        try {
          return Optional.of(reader.apply(text));
        } catch (IllegalArgumentException e) {
          findings.add(node, String.valueOf(e.getMessage()));
          return Optional.empty();
        }
      }
    };
  }

  /** One of some words. */
  static Form<String> oneOf(String... words) {
    return choice(Function.identity(), words);
  }

  /**
   * One of some words, each with a meaning.
   *
   * @param meaning gives the meaning of each of them
   */
  static <T> Form<T> choice(Function<String, T> meaning, String... words) {
    List<String> allowed = List.of(words);
    String list = String.join(", ", allowed);
    return of(
        list,
        text -> {
          if (!allowed.contains(text)) {
            String near = Names.nearest(text, allowed).map(Names::question).orElse("");
            throw new IllegalArgumentException(
                "'" + text + "' is unknown" + near + "; allowed: " + list);
          }
          return meaning.apply(text);
        });
  }

  /** A file, relative to the configuration's directory or absolute. */
  static Form<Path> file() {
    return of("a path, absolute or relative to the directory of agent.toml", Path::of);
  }

  /** An absolute path. */
  static Form<Path> absolutePath() {
    String allowed = "an absolute path, such as /opt/spire/bin/spire-agent";
    return of(
        allowed,
        text -> {
          Path path = Path.of(text);
          if (!path.isAbsolute()) {
            throw new IllegalArgumentException(
                "'" + text + "' is not absolute; allowed: " + allowed);
          }
          return path.normalize();
        });
  }

  /** A span of time within bounds, both included. */
  static Form<Duration> duration(Duration least, Duration most) {
    String allowed =
        "a number and ms, s, m or h, from "
            + written(least)
            + " to "
            + written(most)
            + ", such as \"10s\"";
    return of(
        allowed,
        text -> {
          Matcher matcher = DURATION.matcher(text);
          if (!matcher.matches()) {
            throw new IllegalArgumentException(
                "'" + text + "' is no duration; allowed: " + allowed);
          }
          long number = Long.parseLong(matcher.group(1));
          Duration duration =
              switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                default -> Duration.ofHours(number);
              };
          if (duration.compareTo(least) < 0 || duration.compareTo(most) > 0) {
            throw new IllegalArgumentException(
                "'" + text + "' is out of range; allowed: " + allowed);
          }
          return duration;
        });
  }

  private static String written(Duration duration) {
    return duration.toMinutes() >= 60 ? duration.toHours() + "h" : duration.toSeconds() + "s";
  }

  /** A TCP port. */
  static Form<Port> port() {
    return whole("a port", 1, 65535, Port::new);
  }

  /** A number within bounds, both included. */
  static Form<Integer> number(int least, int most) {
    return whole("a number", least, most, Integer::valueOf);
  }

  private static <T> Form<T> whole(String what, int least, int most, IntFunction<T> reader) {
    return new Form<>() {
      @Override
      public String allowed() {
        return what + ", " + least + " to " + most + ", without quotes";
      }

      @Override
      public Optional<T> read(Node node, Findings findings) {
        if (!(node.value() instanceof Node.Value.Whole(long number))) {
          return refuse(node, findings);
        }
        if (number < least || number > most) {
          findings.add(node, "'" + number + "' is out of range; allowed: " + allowed());
          return Optional.empty();
        }
        return Optional.of(reader.apply((int) number));
      }
    };
  }

  /** A yes or a no, in systemd's words. */
  static Form<Boolean> yesOrNo() {
    String allowed = "\"yes\" or \"no\", in quotes";
    return of(
        allowed,
        text ->
            switch (text) {
              case "yes" -> true;
              case "no" -> false;
              default ->
                  throw new IllegalArgumentException(
                      "'" + text + "' is unknown; allowed: " + allowed);
            });
  }

  /** A size in bytes, at least one mebibyte, as systemd writes it. */
  static Form<Long> size() {
    String allowed = "a number and M or G, at least \"1M\", such as \"512M\"";
    return of(
        allowed,
        text -> {
          Matcher matcher = SIZE.matcher(text);
          if (!matcher.matches() || matcher.group(1).startsWith("0")) {
            throw new IllegalArgumentException("'" + text + "' is no size; allowed: " + allowed);
          }
          return Long.parseLong(matcher.group(1)) << (matcher.group(2).equals("M") ? 20 : 30);
        });
  }

  /** A share of one processor in percent; may be more than 100. */
  static Form<Integer> percent() {
    String allowed = "a number above 0 and %, such as \"150%\" for one and a half processors";
    return of(
        allowed,
        text -> {
          Matcher matcher = PERCENT.matcher(text);
          if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no share; allowed: " + allowed);
          }
          return Integer.valueOf(matcher.group(1));
        });
  }

  /** A TCP or UDP port, or a range of them. */
  static Form<PortRange> ports() {
    Form<PortRange> range = of("a range such as \"8000-8010\"", PortRange::parse);
    return new Form<>() {
      @Override
      public String allowed() {
        return "a port without quotes, or " + range.allowed();
      }

      @Override
      public Optional<PortRange> read(Node node, Findings findings) {
        return switch (node.value()) {
          case Node.Value.Whole _ -> port().read(node, findings).map(PortRange::of);
          case Node.Value.Text _ -> range.read(node, findings);
          case Node.Value.Array _, Node.Value.Other _, Node.Value.Table _ -> refuse(node, findings);
        };
      }
    };
  }

  /** The same with a most number of elements. */
  static <T> Form<List<T>> atMost(int most, Form<List<T>> list) {
    return new Form<>() {
      @Override
      public String allowed() {
        return list.allowed();
      }

      @Override
      public Optional<List<T>> read(Node node, Findings findings) {
        if (node.elements().size() > most) {
          findings.add(
              node, "has " + node.elements().size() + " elements; allowed: at most " + most);
          return Optional.empty();
        }
        return list.read(node, findings);
      }
    };
  }

  /** An array of distinct values. */
  static <T> Form<List<T>> list(Form<T> element, boolean mayBeEmpty) {
    return new Form<>() {
      @Override
      public String allowed() {
        return (mayBeEmpty ? "an array" : "an array with at least one element")
            + ", each "
            + element.allowed();
      }

      @Override
      public Optional<List<T>> read(Node node, Findings findings) {
        if (!(node.value() instanceof Node.Value.Array)
            || (!mayBeEmpty && node.elements().isEmpty())) {
          return refuse(node, findings);
        }
        return elements(node, element, findings);
      }
    };
  }

  /** A single value that is written as a string, or an array of distinct ones. */
  static <T> Form<List<T>> oneOrMore(Form<T> element) {
    Form<List<T>> many = list(element, false);
    return new Form<>() {
      @Override
      public String allowed() {
        return element.allowed() + ", or an array of them";
      }

      @Override
      public Optional<List<T>> read(Node node, Findings findings) {
        return switch (node.value()) {
          case Node.Value.Array _ -> many.read(node, findings);
          case Node.Value.Text(String text) when !text.isEmpty() ->
              element.read(node, findings).map(List::of);
          case Node.Value.Text _, Node.Value.Whole _, Node.Value.Other _, Node.Value.Table _ ->
              refuse(node, findings);
        };
      }
    };
  }

  private static <T> Optional<List<T>> elements(Node node, Form<T> element, Findings findings) {
    List<T> values = new ArrayList<>();
    Set<T> seen = new HashSet<>();
    int before = findings.count();
    for (Node each : node.elements()) {
      Optional<T> value = element.read(each, findings);
      value.ifPresent(values::add);
      if (value.isPresent() && !seen.add(value.get())) {
        findings.add(each, "'" + value.get() + "' is there twice; give each once");
      }
    }
    return findings.count() == before ? Optional.of(List.copyOf(values)) : Optional.empty();
  }
}
