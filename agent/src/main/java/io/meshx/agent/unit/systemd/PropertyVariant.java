// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit.systemd;

import io.meshx.agent.unit.Property;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.freedesktop.dbus.types.UInt32;
import org.freedesktop.dbus.types.UInt64;
import org.freedesktop.dbus.types.Variant;

/** Unit properties in the form that StartTransientUnit takes. */
final class PropertyVariant {
  private PropertyVariant() {}

  static Variant<?> of(Property property) {
    return switch (property) {
      case Property.Text(String value) -> new Variant<>(value, "s");
      case Property.Flag(boolean value) -> new Variant<>(value, "b");
      case Property.Unsigned(long value) ->
          new Variant<>(new UInt64(new BigInteger(Long.toUnsignedString(value))), "t");
      case Property.Signed32(int value) -> new Variant<>(value, "i");
      case Property.Unsigned32(int value) -> new Variant<>(new UInt32(value), "u");
      case Property.Strings(List<String> values) -> new Variant<>(values, "as");
      case Property.Commands(List<List<String>> argvs) ->
          new Variant<>(
              argvs.stream().map(argv -> struct(argv.getFirst(), argv, false)).toList(), "a(sasb)");
      case Property.EnvironmentFiles(List<String> paths) ->
          new Variant<>(paths.stream().map(path -> struct(path, false)).toList(), "a(sb)");
      case Property.Credentials credentials ->
          new Variant<>(
              credentials.paths().entrySet().stream()
                  .map(file -> struct(file.getKey(), file.getValue()))
                  .toList(),
              "a(ss)");
      case Property.EmptyCredentials(List<String> names) ->
          new Variant<>(names.stream().map(name -> struct(name, new byte[0])).toList(), "a(say)");
      case Property.ExitStatuses(List<Integer> statuses) ->
          new Variant<>(struct(statuses, List.<Integer>of()), "(aiai)");
      case Property.AllowList(List<String> values) -> new Variant<>(struct(true, values), "(bas)");
      case Property.JournalFields journal ->
          new Variant<>(
              journal.fields().entrySet().stream()
                  .map(field ->
                      (field.getKey() + "=" + field.getValue()).getBytes(StandardCharsets.UTF_8))
                  .toList(),
              "aay");
    };
  }

  static Object[] struct(Object... members) {
    return members;
  }
}
