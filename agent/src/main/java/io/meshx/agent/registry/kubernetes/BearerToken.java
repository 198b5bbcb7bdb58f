// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.registry.kubernetes;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.meshx.agent.registry.Material;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;

/** A bearer token as it lies in its file. */
record BearerToken(String text) {
  private static final int PARTS = 3;

  /**
   * Reads it.
   *
   * @throws IOException if there is none
   */
  static BearerToken read(Material from) throws IOException {
    String text;
    try {
      text = MaterialText.read(from).strip();
    } catch (NoSuchFileException e) {
      throw new IOException(
          from + " does not exist; 'meshx entries --as kubernetes' says how a token is made", e);
    }
    if (text.isEmpty() || !text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IOException(from + " holds no token: one line is expected there");
    }
    return new BearerToken(text);
  }

  /** When it ends, if it is a JSON Web Token that says so (RFC 7519, section 4.1.4). */
  Optional<Instant> expires() {
    String[] parts = text.split("\\.", -1);
    if (parts.length != PARTS) {
      return Optional.empty();
    }
    try {
      JsonElement claims =
          JsonParser.parseString(
              new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8));
      return claims instanceof JsonObject object && object.has("exp")
          ? Optional.of(Instant.ofEpochSecond(object.get("exp").getAsLong()))
          : Optional.empty();
    } catch (JsonParseException | IllegalArgumentException | IllegalStateException e) {
      // Not one of those; the API server knows what it is.
      return Optional.empty();
    }
  }

  /** Never the token itself. */
  @Override
  public String toString() {
    return "a token";
  }
}
