// SPDX-License-Identifier: Apache-2.0
package io.meshx.it.host;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a host is like at one moment, as text to compare with what it is like at another: what an
 * agent may change, without what changes by itself.
 *
 * @param sections each part's normalised text
 */
public record HostSnapshot(Map<Section, String> sections) {
  /** The parts of a snapshot. */
  public enum Section {
    /** {@code iptables-save}, without counters and tables in which nothing is set. */
    IPTABLES("iptables-nft-save 2>/dev/null; iptables-legacy-save 2>/dev/null"),
    /** The same for IPv6. */
    IP6TABLES("ip6tables-nft-save 2>/dev/null; ip6tables-legacy-save 2>/dev/null"),
    /** {@code nft list ruleset}, without counters and tables in which nothing is set. */
    NFTABLES("nft list ruleset"),
    /** All routing tables of both families. */
    ROUTES("ip -4 route show table all; ip -6 route show table all"),
    /** The routing rules of both families. */
    RULES("ip -4 rule; ip -6 rule"),
    /** The network interfaces. */
    LINKS("ip -br link"),
    /** The addresses of interfaces. */
    ADDRESSES("ip -br addr"),
    /** What systemd-resolved asks for which names, and the file that programs read. */
    DNS("resolvectl status --no-pager; readlink -f /etc/resolv.conf; cat /etc/resolv.conf"),
    /** The units that are loaded and active or failed, with their states. */
    UNITS(
        "systemctl list-units --plain --no-legend --no-pager"
            + " --type=service,socket,target,timer,mount,slice,path"
            + " --state=active,activating,reloading,deactivating,failed"
            + " | awk '{print $1, $2, $3, $4}'"),
    /** The unit files, with whether they are enabled. */
    UNIT_FILES("systemctl list-unit-files --plain --no-legend --no-pager | awk '{print $1, $2}'"),
    /** The processes of the host but for the kernel's threads, by user and program. */
    PROCESSES(
        "ps -e --no-headers -o pid,ppid,user:32,comm | awk -v self=$$"
            + " '$1 == 2 && $4 == \"kthreadd\" {kernel = 2}"
            + " $1 != self && $2 != self && !(kernel && ($1 == kernel || $2 == kernel)) {print $3, $4}'"),
    /** The sockets that wait for packets or connections. */
    LISTENERS("ss -Hltun | awk '{print $1, $5}'"),
    /** The users and groups. A removed package may leave those it made. */
    ACCOUNTS("cat /etc/passwd /etc/group"),
    /** Everything with the product's name in its path, but for systemd's own notes on units. */
    FILES(
        "find / -xdev \\( -path /proc -o -path /sys -o -path /run/systemd/units \\) -prune"
            + " -o -path '*meshx*' -print;"
            + " find /run /tmp -xdev -path /run/systemd/units -prune -o -path '*meshx*' -print");

    private final String script;

    Section(String script) {
      this.script = script;
    }
  }

  /**
   * Services that the bus starts when somebody asks and that end when nobody does, and the target
   * that is reached once a unit has asked for it.
   */
  private static final Pattern ON_DEMAND =
      Pattern.compile(
          "(polkit|systemd-(hostnamed|timedated|localed|userdbd|tmpfiles-clean)|apt-daily.*"
              + "|dpkg-db-backup|run-u\\d+|user@\\d+|user-runtime-dir@\\d+|getty@.*)\\.service.*"
              + "|network-online\\.target.*");

  private static final Pattern ON_DEMAND_PROCESS =
      Pattern.compile("\\S+ (polkitd|systemd-(hostnam|timedat|locale|user(dbd|wor)).*|\\(.*\\))");

  private static final Pattern COUNTERS = Pattern.compile("\\s*\\[\\d+:\\d+\\]");
  private static final Pattern NFT_COUNTERS = Pattern.compile("counter packets \\d+ bytes \\d+");
  private static final Pattern CHAIN_OF_THE_KERNEL = Pattern.compile(":[A-Z]+ ACCEPT");
  private static final Pattern PASSING = Pattern.compile(" expires \\d+sec| hoplimit \\d+");
  private static final Pattern PEER = Pattern.compile("@if\\d+");

  private static final String MARK = "--- section ";

  public HostSnapshot {
    sections = Map.copyOf(sections);
  }

  /**
   * Looks at a host.
   *
   * @throws io.meshx.it.exec.LabException when the host cannot be asked
   */
  public static HostSnapshot of(Host host) {
    StringBuilder script = new StringBuilder();
    for (Section section : Section.values()) {
      script.append("echo '" + MARK + section + "'\n").append(section.script).append(" || true\n");
    }
    Map<Section, List<String>> raw = new EnumMap<>(Section.class);
    List<String> current = new ArrayList<>();
    for (String line : host.exec("bash", "-c", script.toString()).ok().stdout().lines().toList()) {
      if (line.startsWith(MARK)) {
        current = new ArrayList<>();
        raw.put(Section.valueOf(line.substring(MARK.length())), current);
      } else {
        current.add(line);
      }
    }
    Map<Section, String> sections = new EnumMap<>(Section.class);
    raw.forEach((section, lines) -> sections.put(section, normalise(section, lines)));
    return new HostSnapshot(sections);
  }

  /** The same without some parts. */
  public HostSnapshot without(Section... left) {
    Map<Section, String> rest = new EnumMap<>(sections);
    rest.keySet().removeAll(Set.of(left));
    return new HostSnapshot(rest);
  }

  /** The text of one part; empty when there is nothing or the part was left out. */
  public String section(Section section) {
    return sections.getOrDefault(section, "");
  }

  /**
   * What is different afterwards, part by part, each line with {@code -} when it is gone and {@code
   * +} when it came; empty when nothing is. Parts that only one of them has count as empty.
   */
  public String difference(HostSnapshot after) {
    StringBuilder text = new StringBuilder();
    Set<Section> both = EnumSet.noneOf(Section.class);
    both.addAll(sections.keySet());
    both.retainAll(after.sections.keySet());
    for (Section section : both) {
      String was = section(section);
      String is = after.section(section);
      if (!was.equals(is)) {
        text.append(section).append('\n');
        List<String> gone = new ArrayList<>(was.lines().toList());
        List<String> came = new ArrayList<>();
        for (String line : is.lines().toList()) {
          if (!gone.remove(line)) {
            came.add(line);
          }
        }
        gone.forEach(line -> text.append("  - ").append(line).append('\n'));
        came.forEach(line -> text.append("  + ").append(line).append('\n'));
        if (gone.isEmpty() && came.isEmpty()) {
          text.append("  the same lines in another order\n");
        }
      }
    }
    return text.toString();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Section section : Section.values()) {
      if (sections.containsKey(section)) {
        text.append(section).append('\n').append(section(section).indent(2));
      }
    }
    return text.toString();
  }

  /** The lines of a part as they are compared. */
  public static String normalise(Section section, List<String> lines) {
    List<String> kept =
        switch (section) {
          case IPTABLES, IP6TABLES -> iptables(lines);
          case NFTABLES -> nftables(lines);
          case ROUTES, RULES, ADDRESSES ->
              lines.stream()
                  // The kernel adds it a second after boot, when nobody else claims the address.
                  .filter(line -> !line.startsWith("local fe80::"))
                  .map(line -> PEER.matcher(PASSING.matcher(line).replaceAll("")).replaceAll(""))
                  .map(String::stripTrailing)
                  .toList();
          case LINKS ->
              sorted(lines.stream().map(line -> PEER.matcher(line).replaceAll("").strip()));
          case DNS ->
              lines.stream()
                  .filter(line -> !line.contains("Current DNS Server:"))
                  // How far it indents depends on the longest word that it shows.
                  .map(line -> line.strip().replaceFirst("^Link \\d+ ", "Link "))
                  .toList();
          case UNITS -> sorted(lines.stream().filter(line -> !ON_DEMAND.matcher(line).matches()));
          case PROCESSES ->
              sorted(
                  lines.stream()
                      .map(String::strip)
                      .filter(line -> !ON_DEMAND_PROCESS.matcher(line).matches()));
          case UNIT_FILES ->
              sorted(lines.stream().filter(line -> !line.matches("run-u\\d+\\.service.*")));
          case LISTENERS, ACCOUNTS -> sorted(lines.stream());
          case FILES -> List.copyOf(new TreeSet<>(lines));
        };
    return String.join("\n", kept);
  }

  private static List<String> sorted(Stream<String> lines) {
    return lines.sorted().toList();
  }

  /**
   * Drops the tables that hold no rule and no chain but the kernel's own with their first policy.
   */
  private static List<String> iptables(List<String> lines) {
    List<String> kept = new ArrayList<>();
    List<String> table = new ArrayList<>();
    for (String line : lines) {
      if (line.startsWith("#")) {
        continue;
      }
      table.add(COUNTERS.matcher(line).replaceAll(""));
      if (line.equals("COMMIT")) {
        boolean nothing =
            table.stream()
                .allMatch(each ->
                    each.startsWith("*")
                        || each.equals("COMMIT")
                        || CHAIN_OF_THE_KERNEL.matcher(each).matches());
        if (!nothing) {
          kept.addAll(table);
        }
        table.clear();
      }
    }
    kept.addAll(table);
    return kept;
  }

  /** Drops the base chains that hold no rule and accept, and then the tables that hold nothing. */
  private static List<String> nftables(List<String> lines) {
    List<String> without = new ArrayList<>();
    for (String line : lines) {
      if (!line.startsWith("#") && !line.isBlank()) {
        without.add(NFT_COUNTERS.matcher(line).replaceAll("counter"));
      }
    }
    List<String> chains =
        withoutBlocks(
            without,
            Pattern.compile("\\s*chain .*\\{"),
            body -> body.size() == 1 && body.getFirst().matches("\\s*type .*policy accept;"));
    return withoutBlocks(chains, Pattern.compile("table .*\\{"), List::isEmpty);
  }

  private static List<String> withoutBlocks(
      List<String> lines, Pattern head, Predicate<List<String>> empty) {
    List<String> kept = new ArrayList<>();
    int at = 0;
    while (at < lines.size()) {
      String line = lines.get(at);
      int end = head.matcher(line).matches() ? endOfBlock(lines, at) : -1;
      if (end >= 0 && empty.test(lines.subList(at + 1, end))) {
        at = end + 1;
      } else {
        kept.add(line);
        at++;
      }
    }
    return kept;
  }

  private static int endOfBlock(List<String> lines, int head) {
    int depth = 0;
    for (int at = head; at < lines.size(); at++) {
      String line = lines.get(at).strip();
      if (line.endsWith("{")) {
        depth++;
      } else if (line.equals("}") && --depth == 0) {
        return at;
      }
    }
    return -1;
  }
}
