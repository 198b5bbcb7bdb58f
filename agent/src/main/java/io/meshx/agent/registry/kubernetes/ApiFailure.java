// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import io.meshx.agent.model.HostException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The API server refused something, or could not be asked. */
final class ApiFailure extends Exception {
  private static final long serialVersionUID = 1L;

  /** No answer: the connection, TLS or a file of ours failed. */
  static final int NONE = 0;

  static final int NOT_FOUND = 404;
  static final int FORBIDDEN = 403;
  static final int CONFLICT = 409;
  static final int GONE = 410;
  private static final int UNAUTHORIZED = 401;
  static final int TOO_MANY = 429;
  private static final int UNPROCESSABLE = 422;
  private static final int SERVER_ERROR = 500;

  private final String call;
  private final String text;
  private final int status;
  private final @Nullable Duration retryAfter;

  ApiFailure(String call, int status, String text, Optional<Duration> retryAfter) {
    super("calling " + call + " failed: " + text);
    this.call = call;
    this.text = text;
    this.status = status;
    this.retryAfter = retryAfter.orElse(null);
  }

  ApiFailure(String call, String text, Throwable cause) {
    this(call, NONE, text, Optional.empty());
    initCause(cause);
  }

  /** The HTTP status, or {@link #NONE}. */
  int status() {
    return status;
  }

  /** How long the server asks to be left alone. */
  Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** Whether it says something of the API server as a whole, and not of what was asked. */
  boolean ofServer() {
    return status == NONE
        || status == UNAUTHORIZED
        || status == FORBIDDEN
        || status == TOO_MANY
        || status >= SERVER_ERROR;
  }

  /** The same with the likely cause, for those who do not know this protocol. */
  String why() {
    return "calling " + call + " failed: " + text + likely();
  }

  private String likely() {
    return switch (status) {
      case UNAUTHORIZED -> "; the token or certificate has expired, or is for another cluster";
      case FORBIDDEN ->
          "; if it is not an admission policy that refuses it, rights are missing: the RoleBinding"
              + " that 'meshx entries --as kubernetes' prints for a host, or kubernetes/reaper.yaml"
              + " for a reaper";
      case NOT_FOUND -> "; the namespace is missing, or Linkerd's resource definitions are";
      case UNPROCESSABLE ->
          text.contains("AdmissionPolicy")
              ? "; if this host may say so, apply what 'meshx entries --as kubernetes' prints now"
              : "; Linkerd's resource definitions are of another version";
      case NONE ->
          text.contains("PKIX")
              ? "; kubernetes.certificate_authority does not hold the authority of this server"
              : "";
      default -> "";
    };
  }

  HostException toHost() {
    return new HostException.RpcFailed(call, text + likely(), this);
  }
}
