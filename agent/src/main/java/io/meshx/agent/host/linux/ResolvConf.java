// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.host.linux;

import io.meshx.agent.model.HostException.FileFailed;
import io.meshx.agent.model.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the resolver of the C library is told.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/resolv.conf.5.html">resolv.conf(5)</a>
 */
final class ResolvConf {
  private static final Logger LOG = LoggerFactory.getLogger(ResolvConf.class);

  private ResolvConf() {}

  /** The name servers in their order; an address that the resolver passes over is passed over. */
  static List<IpAddress> nameservers(Path file) throws FileFailed {
    List<IpAddress> servers = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.strip().split("[ \t]+", -1);
        if (words.length > 1 && words[0].equals("nameserver")) {
          address(words[1], servers);
        }
      }
    } catch (NoSuchFileException e) {
      LOG.trace("then the resolver asks this host", e);
    } catch (IOException e) {
      throw new FileFailed("reading '" + file + "'", e.toString(), e);
    }
    return servers;
  }

  private static void address(String text, List<IpAddress> servers) {
    try {
      servers.add(IpAddress.parse(text.replaceFirst("%.*", "")));
    } catch (IllegalArgumentException e) {
      LOG.debug("'{}' is no name server", text, e);
    }
  }
}
