// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.meshx.agent.host.Attestation;
import io.meshx.agent.model.HostException.FileFailed;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What spire-agent keeps: its SVID from node attestation on, and already before that the bundle
 * that it was given, so that the file alone says nothing (spire v1.15.3,
 * pkg/agent/storage/storage.go).
 */
final class SpireData {
  private static final Logger LOG = LoggerFactory.getLogger(SpireData.class);
  private static final String FILE = "agent-data.json";

  /**
   * What it keeps.
   *
   * @param directory the SPIRE agent's data directory; need not exist
   * @param now when an SVID must be valid
   * @throws FileFailed if the file is there and cannot be read
   */
  Attestation look(Path directory, Instant now) throws FileFailed {
    Path file = directory.resolve(FILE);
    try {
      if (JsonParser.parseString(Files.readString(file)) instanceof JsonObject kept
          && kept.get("svid") instanceof JsonArray chain
          && !chain.isEmpty()) {
        Instant end = expiry(chain.get(0).getAsString());
        return end.isAfter(now) ? new Attestation.Valid() : new Attestation.Expired(end);
      }
      return new Attestation.None();
    } catch (NoSuchFileException e) {
      return new Attestation.None();
    } catch (JsonParseException
        | CertificateException
        | IllegalArgumentException
        | UnsupportedOperationException e) {
      LOG.debug("'{}' is not what spire-agent writes; it refuses it too, and says so", file, e);
      return new Attestation.None();
    } catch (IOException e) {
      throw new FileFailed("reading '" + file + "'", e.toString(), e);
    }
  }

  private static Instant expiry(String base64) throws CertificateException {
    if (CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(Base64.getDecoder().decode(base64)))
        instanceof X509Certificate leaf) {
      return leaf.getNotAfter().toInstant();
    }
    throw new CertificateException("there is no X.509 certificate");
  }
}
