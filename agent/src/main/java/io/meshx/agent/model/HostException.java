// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The host, or something that it talks to, refused what was asked. Thrown by adapters, caught where
 * changes are applied and sources are observed, and kept there as an outcome.
 */
public abstract sealed class HostException extends Exception {
  private static final long serialVersionUID = 1L;

  private HostException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** A command ended with a status other than zero, could not be started, or took too long. */
  public static final class CommandFailed extends HostException {
    private static final long serialVersionUID = 1L;
    private final String did;
    private final int status;
    private final String output;
    private final String error;

    /**
     * Makes the message of one that did not come to an end of its own.
     *
     * @param command the argument list that was run
     * @param what what happened, such as "took longer than 5 s"
     * @param error the last lines that it printed; may be empty
     */
    public CommandFailed(List<String> command, String what, String error) {
      this(command, what, -1, "", error);
    }

    /**
     * Makes the message of one that ended by itself.
     *
     * @param command the argument list that was run
     * @param status its exit status, 1 to 255
     * @param output all that it wrote to standard output
     * @param error the last lines that it wrote to standard error; may be empty
     */
    public CommandFailed(List<String> command, int status, String output, String error) {
      this(command, "ended with status " + status, status, output, error);
    }

    private CommandFailed(
        List<String> command, String what, int status, String output, String error) {
      this("running '" + String.join(" ", command) + "' " + what, status, output, error);
    }

    private CommandFailed(String did, int status, String output, String error) {
      super(did + (error.isBlank() ? "" : ": " + error.strip()), null);
      this.did = did;
      this.status = status;
      this.output = output;
      this.error = error;
    }

    /** The same with its likely cause and what helps, which follow what it printed. */
    public CommandFailed explained(String cause) {
      CommandFailed explained =
          new CommandFailed(did, status, output, error.strip() + "; " + cause);
      explained.addSuppressed(this);
      return explained;
    }

    /** Its exit status, 1 to 255; -1 if it did not end by itself. */
    public int status() {
      return status;
    }

    /** All that it wrote to standard output; empty if it did not end by itself. */
    public String output() {
      return output;
    }

    /** The last lines that it wrote to standard error; may be empty. */
    public String error() {
      return error;
    }
  }

  /** A D-Bus call was refused or did not come back. */
  public static final class BusCallFailed extends HostException {
    private static final long serialVersionUID = 1L;
    private final String errorName;

    /**
     * Makes the message of it.
     *
     * @param call what was called, such as "StartTransientUnit of 'meshx-proxy-web.service'"
     * @param errorName the D-Bus error name, or "" if there was none
     * @param text what the other side said
     */
    public BusCallFailed(String call, String errorName, String text, @Nullable Throwable cause) {
      super(
          "calling " + call + " failed: " + (errorName.isEmpty() ? "" : errorName + ": ") + text,
          cause);
      this.errorName = errorName;
    }

    /** The D-Bus error name, such as {@code org.freedesktop.systemd1.UnitExists}, or "". */
    public String errorName() {
      return errorName;
    }
  }

  /** A gRPC or HTTP call failed. */
  public static final class RpcFailed extends HostException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes the message of it.
     *
     * @param call what was called and where
     * @param text status and description that came back
     */
    public RpcFailed(String call, String text, @Nullable Throwable cause) {
      super("calling " + call + " failed: " + text, cause);
    }
  }

  /** A file could not be read, written or removed. */
  public static final class FileFailed extends HostException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes the message of it.
     *
     * @param what the attempt, such as "writing '/run/meshx-agent/proxy/web.env'"
     * @param text why it failed
     */
    public FileFailed(String what, String text, @Nullable Throwable cause) {
      super(what + " failed: " + text, cause);
    }
  }
}
