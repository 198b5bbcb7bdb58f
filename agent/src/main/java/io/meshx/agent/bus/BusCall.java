// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.bus;

import java.util.List;

/**
 * A method call. Arguments are in the forms of dbus-java's wire level: text, boxed numbers, {@code
 * UInt32} and {@code UInt64}, {@code Variant}, a {@code List} for an array, an {@code Object[]} for
 * a struct.
 *
 * @param service well-known name of the service; it is never started by the call
 * @param path the object
 * @param contract the D-Bus interface
 * @param member the method
 * @param signature of the arguments; "" if there are none
 * @param arguments the arguments
 * @param subject what the call is about, for messages; may be empty
 */
public record BusCall(
    String service,
    String path,
    String contract,
    String member,
    String signature,
    List<Object> arguments,
    String subject) {
  private static final String PROPERTIES = "org.freedesktop.DBus.Properties";

  /** Keeps a copy. */
  public BusCall {
    arguments = List.copyOf(arguments);
  }

  /** Reads one property; the answer is one {@code Variant}. */
  public static BusCall get(String service, String path, String contract, String property) {
    return new BusCall(
        service, path, PROPERTIES, "Get", "ss", List.of(contract, property), property);
  }

  /** The same call with another subject. */
  public BusCall about(String what) {
    return new BusCall(service, path, contract, member, signature, arguments, what);
  }

  @Override
  public String toString() {
    return member + (subject.isEmpty() ? "" : " of '" + subject + "'");
  }
}
