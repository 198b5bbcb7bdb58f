// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.filter.bpf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * bpf(2), for which the C library has no function: by way of syscall(2).
 *
 * @see <a href="https://man7.org/linux/man-pages/man2/bpf.2.html">bpf(2)</a>
 */
@SuppressWarnings("restricted") // Calling the kernel is what this class is for.
final class BpfCall {
  private static final int PROG_LOAD = 5;
  private static final int OBJ_PIN = 6;
  private static final int CGROUP_SKB = 8;
  private static final int LOG_SIZE = 64 * 1024;
  private static final int LONGEST_TEXT = 256;

  /** The kernel takes a shorter struct than its own, and zeroes for the rest. */
  private static final int ATTRIBUTES = 128;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private final long number;
  private final MethodHandle syscall;
  private final MethodHandle close;
  private final MethodHandle strerror;

  BpfCall() {
    this.number =
        switch (System.getProperty("os.arch")) {
          case "amd64" -> 321; // arch/x86/entry/syscalls/syscall_64.tbl
          case "aarch64" -> 280; // include/uapi/asm-generic/unistd.h
          case String other ->
              throw new UnsupportedOperationException("bpf(2) is not known for " + other);
          case null -> throw new IllegalStateException("the runtime does not say its processor");
        };
    Linker linker = Linker.nativeLinker();
    this.syscall =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("syscall"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(1),
            Linker.Option.captureCallState("errno"));
    this.close =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("close"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    this.strerror =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("strerror"),
            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
  }

  /**
   * Loads a program of type cgroup_skb and pins it.
   *
   * @param code its instructions
   * @param license as the kernel knows licenses, such as "Apache-2.0": the program may only call
   *     what is open to all
   * @throws IOException with the kernel's error, and its verifier's words when it refuses the code
   */
  void pin(byte[] code, String license, Path at) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      int program = load(arena, code, license);
      try {
        MemorySegment attributes = arena.allocate(ATTRIBUTES);
        attributes.set(ValueLayout.JAVA_LONG, 0, arena.allocateFrom(at.toString()).address());
        attributes.set(ValueLayout.JAVA_INT, 8, program);
        call(arena, "BPF_OBJ_PIN of '" + at + "'", OBJ_PIN, attributes);
      } finally {
        invokeClose(program);
      }
    }
  }

  private int load(Arena arena, byte[] code, String license) throws IOException {
    MemorySegment instructions = arena.allocate(code.length, 8);
    MemorySegment.copy(code, 0, instructions, ValueLayout.JAVA_BYTE, 0, code.length);
    MemorySegment attributes = arena.allocate(ATTRIBUTES);
    attributes.set(ValueLayout.JAVA_INT, 0, CGROUP_SKB);
    attributes.set(ValueLayout.JAVA_INT, 4, code.length / 8);
    attributes.set(ValueLayout.JAVA_LONG, 8, instructions.address());
    attributes.set(ValueLayout.JAVA_LONG, 16, arena.allocateFrom(license).address());
    attributes.setString(48, "meshx", StandardCharsets.US_ASCII);
    try {
      return (int) call(arena, "BPF_PROG_LOAD", PROG_LOAD, attributes);
    } catch (IOException e) {
      // Asked for at once, the verifier's words on a long program that it takes would be an error.
      MemorySegment log = arena.allocate(LOG_SIZE);
      attributes.set(ValueLayout.JAVA_INT, 24, 1);
      attributes.set(ValueLayout.JAVA_INT, 28, LOG_SIZE);
      attributes.set(ValueLayout.JAVA_LONG, 32, log.address());
      try {
        return (int) call(arena, "BPF_PROG_LOAD", PROG_LOAD, attributes);
      } catch (IOException again) {
        String words = log.getString(0).strip();
        throw words.isEmpty()
            ? again
            : new IOException(again.getMessage() + "; the verifier says: " + words, e);
      }
    }
  }

  private long call(Arena arena, String what, int command, MemorySegment attributes)
      throws IOException {
    MemorySegment state = arena.allocate(STATE);
    long result;
    try {
      result = (long) syscall.invokeExact(state, number, command, attributes, ATTRIBUTES);
    } catch (Throwable e) {
      throw new IllegalStateException("the runtime could not make a system call", e);
    }
    if (result < 0) {
      throw new IOException(what + ": " + text((int) ERRNO.get(state, 0L)));
    }
    return result;
  }

  private String text(int errno) {
    try {
      MemorySegment words = (MemorySegment) strerror.invokeExact(errno);
      return words.reinterpret(LONGEST_TEXT).getString(0);
    } catch (Throwable e) {
      throw new IllegalStateException("the runtime could not call strerror", e);
    }
  }

  private void invokeClose(int descriptor) throws IOException {
    try {
      if ((int) close.invokeExact(descriptor) < 0) {
        throw new IOException("closing a program's descriptor failed");
      }
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("the runtime could not call close", e);
    }
  }
}
