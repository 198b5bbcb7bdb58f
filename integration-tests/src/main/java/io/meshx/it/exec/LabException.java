// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.exec;

/**
 * The lab itself failed: something it tried on this machine or on a host did not work. The text
 * says what was tried, on what, and what came back.
 */
public class LabException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public LabException(String message) {
    super(message);
  }

  public LabException(String message, Throwable cause) {
    super(message + ": " + cause, cause);
  }
}
