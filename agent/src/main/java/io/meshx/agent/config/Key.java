// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.config;

import java.util.List;
import java.util.Optional;

/**
 * A key that a file may have: the one place from which its validation, its default and its
 * documentation come.
 *
 * @param name dotted, such as {@code mesh.trust_domain}
 * @param form what its value looks like
 * @param standard what holds when it is left out
 * @param when what another key must say for it to have a meaning; empty if it always has one
 * @param doc one sentence
 * @param <T> the typed value
 */
record Key<T>(String name, Form<T> form, Standard standard, Optional<Condition> when, String doc) {
  /**
   * What another key must say.
   *
   * @param key the other one, which comes before in the table
   * @param value what it must say
   */
  record Condition(Key<String> key, String value) {}

  /** What holds when a key is left out. */
  sealed interface Standard {
    /**
     * It must not be left out.
     *
     * @param example a value as TOML
     * @param unless name of a key that makes it needless; "" if there is none
     */
    record Required(String example, String unless) implements Standard {}

    /**
     * Then there is none.
     *
     * @param example a value as TOML
     */
    record None(String example) implements Standard {}

    /**
     * A string.
     *
     * @param template the string; {@code <other.key>} stands for the value of another key
     */
    record Text(String template) implements Standard {}

    /** An array of strings. */
    record Texts(List<String> texts) implements Standard {}

    /** An array of integers. */
    record Wholes(List<Long> numbers) implements Standard {}

    /** An integer. */
    record Whole(long number) implements Standard {}
  }

  /** A key that must be there. */
  static <T> Key<T> required(String name, Form<T> form, String example, String doc) {
    return new Key<>(name, form, new Standard.Required(example, ""), Optional.empty(), doc);
  }

  /** The same key, as one that must be there unless another one is. */
  Key<T> unless(Key<?> other) {
    return standard instanceof Standard.Required(String example, String _)
        ? new Key<>(name, form, new Standard.Required(example, other.name), when, doc)
        : this;
  }

  /** A key that may be left out, and then there is no value. */
  static <T> Key<T> optional(String name, Form<T> form, String example, String doc) {
    return new Key<>(name, form, new Standard.None(example), Optional.empty(), doc);
  }

  /** A key with a string, perhaps one that depends on other keys, when it is left out. */
  static <T> Key<T> text(String name, Form<T> form, String template, String doc) {
    return new Key<>(name, form, new Standard.Text(template), Optional.empty(), doc);
  }

  /** A key with an array of strings when it is left out. */
  static <T> Key<T> texts(String name, Form<T> form, List<String> texts, String doc) {
    return new Key<>(name, form, new Standard.Texts(texts), Optional.empty(), doc);
  }

  /** A key with an integer when it is left out. */
  static <T> Key<T> whole(String name, Form<T> form, long number, String doc) {
    return new Key<>(name, form, new Standard.Whole(number), Optional.empty(), doc);
  }

  /** A key with an array of integers when it is left out. */
  static <T> Key<T> wholes(String name, Form<T> form, List<Long> numbers, String doc) {
    return new Key<>(name, form, new Standard.Wholes(numbers), Optional.empty(), doc);
  }

  /** The same key, as one that has a meaning only while another one says this. */
  Key<T> onlyIf(Key<String> other, String value) {
    return new Key<>(name, form, standard, Optional.of(new Condition(other, value)), doc);
  }
}
