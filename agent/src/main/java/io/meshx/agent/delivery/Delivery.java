// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.delivery;

import io.meshx.agent.identity.SvidMaterial;
import io.meshx.agent.identity.TrustBundle;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.UserName;
import io.meshx.agent.model.WorkloadName;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How a workload wants its SVID.
 *
 * @param workload whose it is
 * @param directory absolute path under which the files are found
 * @param owner user who owns them
 * @param keyMode permission bits of the files with the private key, such as {@code 0400}
 */
public record Delivery(WorkloadName workload, Path directory, UserName owner, int keyMode) {
  /** The certificate and what lies between it and a root, leaf first, in PEM. */
  public static final String CERTIFICATES = "svid.pem";

  /** The private key in PEM (PKCS#8). */
  public static final String KEY = "svid_key.pem";

  /** Both in one file, for programs that want it so: they can never be of two SVIDs. */
  public static final String BOTH = "svid_and_key.pem";

  /** The roots of the trust domain in PEM. */
  public static final String BUNDLE = "bundle.pem";

  /**
   * By what the files of an SVID are known that were delivered as this says.
   *
   * @param serial serial number of the leaf, in hexadecimal
   */
  public String version(String serial, TrustBundle bundle) {
    return Digest.of(serial + "\n" + bundle.pem() + owner + "\n" + keyMode).hex();
  }

  /** What is in the files, by their names. */
  public static SortedMap<String, String> files(SvidMaterial svid, TrustBundle bundle) {
    TreeMap<String, String> files = new TreeMap<>();
    files.put(CERTIFICATES, svid.certificates());
    files.put(KEY, svid.key());
    files.put(BOTH, svid.certificates() + svid.key());
    files.put(BUNDLE, bundle.pem());
    return files;
  }

  /** The permission bits of a file of that name. */
  public int mode(String name) {
    return name.equals(KEY) || name.equals(BOTH) ? keyMode : 0444;
  }
}
