// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.unit;

import io.meshx.agent.filter.FilterPaths;
import io.meshx.agent.model.Digest;
import io.meshx.agent.model.UnitName;
import io.meshx.agent.model.UserName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A transient unit that is wanted: its name, its properties under systemd's own names, and a digest
 * of what the user configured for it.
 *
 * @param name the unit's name
 * @param config digest of the user's configuration that this unit comes from
 * @param properties property name to value
 */
public record UnitSpec(UnitName name, Digest config, SortedMap<String, Property> properties) {
  /** The journal field, and so the property, that carries the fingerprint. */
  public static final String FINGERPRINT_FIELD = "MESHX_FINGERPRINT";

  /** Keeps a copy. */
  public UnitSpec {
    properties = Collections.unmodifiableSortedMap(new TreeMap<>(properties));
  }

  /** By what a running unit is recognised as started from this spec. */
  public Fingerprint fingerprint() {
    return new Fingerprint(config, Digest.of(properties.toString()));
  }

  /** Starts a spec: a service whose start job ends when its program runs (Type=exec). */
  public static Builder service(UnitName name, Digest config, String description) {
    return new Builder(name, config)
        .set("Description", new Property.Text(description))
        .set("Type", new Property.Text("exec"))
        // When the host goes down it ends after peers were told.
        .set("Before", new Property.Strings(List.of(OurUnits.DRAIN.text())));
  }

  /** Starts a spec: a service that runs once and stays loaded as exited when that went well. */
  public static Builder oneshot(UnitName name, Digest config, String description) {
    return new Builder(name, config)
        .set("Description", new Property.Text(description))
        .set("Type", new Property.Text("oneshot"))
        .set("RemainAfterExit", new Property.Flag(true));
  }

  /** Collects properties; each method sets the property of its name. */
  public static final class Builder {
    private final UnitName name;
    private final Digest config;
    private final TreeMap<String, Property> properties = new TreeMap<>();
    private final TreeMap<String, String> journalFields = new TreeMap<>();

    private Builder(UnitName name, Digest config) {
      this.name = name;
      this.config = config;
    }

    /** Sets any property by systemd's name. */
    public Builder set(String property, Property value) {
      properties.put(property, value);
      return this;
    }

    /**
     * Programs, pinned in the bpf file system, that each packet of the unit's processes must pass;
     * systemd attaches them to the unit's control group, also when it restarts the unit by itself.
     * A systemd that cannot do so starts the unit all the same, so that has to be tried out.
     */
    public Builder packetFilter(FilterPaths files) {
      return set("IPIngressFilterPath", new Property.Strings(List.of(files.ingress().toString())))
          .set("IPEgressFilterPath", new Property.Strings(List.of(files.egress().toString())));
    }

    /**
     * ExecStart, and never ExecStartEx: systemd 252 writes that name into the unit's file and does
     * not know it when it reads the file after a daemon-reload, so the unit would never restart.
     *
     * @throws IllegalArgumentException if an argument has a semicolon or a dollar sign: systemd 252
     *     brings them back changed after a daemon-reload
     */
    public Builder exec(List<String> argv) {
      return set("ExecStart", new Property.Commands(List.of(Argv.checked(argv))));
    }

    /** ExecStartPre; the same rule for arguments as {@link #exec}. */
    public Builder execBefore(List<String> argv) {
      return set("ExecStartPre", new Property.Commands(List.of(Argv.checked(argv))));
    }

    /** ExecStopPost: runs however the unit ends; the same rule for arguments as {@link #exec}. */
    public Builder execAfter(List<String> argv) {
      return set("ExecStopPost", new Property.Commands(List.of(Argv.checked(argv))));
    }

    /** User. */
    public Builder user(UserName user) {
      return set("User", new Property.Text(user.text()));
    }

    /** Slice. */
    public Builder slice(UnitName slice) {
      return set("Slice", new Property.Text(slice.text()));
    }

    /** Environment; never for a secret, since every user can read it over D-Bus. */
    public Builder environment(SortedMap<String, String> variables) {
      return set(
          "Environment",
          new Property.Strings(
              variables.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList()));
    }

    /** EnvironmentFile, each must exist. */
    public Builder environmentFiles(List<Path> files) {
      return set(
          "EnvironmentFiles",
          new Property.EnvironmentFiles(files.stream().map(Path::toString).toList()));
    }

    /** LoadCredential. */
    public Builder credentials(SortedMap<String, Path> files) {
      TreeMap<String, String> paths = new TreeMap<>();
      files.forEach((id, path) -> paths.put(id, path.toString()));
      return set("LoadCredential", new Property.Credentials(paths));
    }

    /** SetCredential: a credential that is empty, instead of an error, when its file is gone. */
    public Builder mayBeGone(String credential) {
      return set("SetCredential", new Property.EmptyCredentials(List.of(credential)));
    }

    /** SuccessExitStatus: ending with this status is ending well, as with 0. */
    public Builder alsoEndsWellWith(int status) {
      return set("SuccessExitStatus", new Property.ExitStatuses(List.of(status)));
    }

    /** Restart (systemd's word, such as {@code always}) and RestartSec. */
    public Builder restart(String policy, Duration delay) {
      return set("Restart", new Property.Text(policy))
          .set("RestartUSec", Property.Unsigned.micros(delay));
    }

    /** TimeoutStopSec. */
    public Builder timeoutStop(Duration timeout) {
      return set("TimeoutStopUSec", Property.Unsigned.micros(timeout));
    }

    /** After and Wants. */
    public Builder afterAndWants(List<UnitName> units) {
      List<String> names = units.stream().map(UnitName::text).toList();
      return set("After", new Property.Strings(names)).set("Wants", new Property.Strings(names));
    }

    /**
     * The sandbox of a program that we did not write.
     *
     * @param writable the only directories in which it writes
     */
    public Builder sandboxed(List<Path> writable) {
      Sandbox.program(this, writable);
      return this;
    }

    /** The part of that sandbox that costs no time at the start. */
    public Builder sandboxedCalls() {
      Sandbox.calls(this);
      return this;
    }

    /** A field that journald adds to each line of the unit. */
    public Builder journalField(String field, String value) {
      journalFields.put(field, value);
      return this;
    }

    /** The finished spec. */
    public UnitSpec build() {
      if (!journalFields.isEmpty()) {
        properties.put("LogExtraFields", new Property.JournalFields(journalFields));
      }
      return new UnitSpec(name, config, properties);
    }
  }
}
