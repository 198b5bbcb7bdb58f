// SPDX-License-Identifier: Apache-2.0
package io.meshx.agent.cli;

import io.meshx.agent.Wiring;
import io.meshx.agent.config.AgentConfig;
import io.meshx.agent.config.ConfigException;
import io.meshx.agent.config.Problem;
import io.meshx.agent.enrolment.Enrolment;
import io.meshx.agent.enrolment.Options;
import io.meshx.agent.enrolment.Progress;
import io.meshx.agent.model.HostException;
import io.meshx.agent.model.HostPort;
import io.meshx.agent.model.IpAddress;
import io.meshx.agent.model.TrustDomain;
import io.meshx.agent.model.WorkloadName;
import io.meshx.agent.status.ControlSocket;
import io.meshx.agent.status.ExitStatus;
import io.meshx.agent.status.Snapshot;
import io.meshx.agent.status.SnapshotJson;
import java.io.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Enrolment in one command. */
@Command(
    name = "join",
    description = {
      "Joins this host: keeps what is said here in the configuration, starts the agent now and at each"
          + " boot, and shows the way to Ready.",
      "What is left out stays as it is in /etc/meshx-agent, so it can be run again, also to change one"
          + " thing. Files are copied. Nothing is touched if the configuration would be wrong.",
      "From a terminal the redirect rules of a first join are on trial: they go by themselves unless"
          + " you confirm them here."
    },
    mixinStandardHelpOptions = true)
public final class Join implements Callable<Integer> {
  private static final long PAUSE_MILLIS = 100;

  @Option(
      names = "--server",
      paramLabel = "HOST:PORT",
      description = "The SPIRE server.",
      converter = ServerForm.class)
  private Optional<HostPort> server = Optional.empty();

  @Option(
      names = "--trust-domain",
      paramLabel = "NAME",
      description = "Trust domain of the mesh.",
      converter = TrustDomainForm.class)
  private Optional<TrustDomain> trustDomain = Optional.empty();

  @Option(
      names = "--trust-bundle",
      paramLabel = "FILE",
      description =
          "PEM file by which the SPIRE server is recognised; what 'spire-server bundle show' prints."
              + " The mesh's trust anchors too, unless others are named.")
  private Optional<Path> trustBundle = Optional.empty();

  @Option(
      names = "--trust-anchors",
      paramLabel = "FILE",
      description = "PEM file with the mesh's trust anchors, where they are others.")
  private Optional<Path> trustAnchors = Optional.empty();

  @Option(
      names = "--attestor",
      paramLabel = "NAME",
      description = "How this host proves which one it is: join_token, x509pop and others.")
  private Optional<String> attestor = Optional.empty();

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "File with a join token; - for standard input.")
  private Optional<Path> tokenFile = Optional.empty();

  @Option(
      names = "--certificate",
      paramLabel = "FILE",
      description = "This host's certificate, for the attestor x509pop; stays where it is.")
  private Optional<Path> certificate = Optional.empty();

  @Option(
      names = "--private-key",
      paramLabel = "FILE",
      description = "The certificate's key; stays where it is.")
  private Optional<Path> privateKey = Optional.empty();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of this host; the first label of its host name unless given.",
      converter = NameForm.class)
  private Optional<WorkloadName> name = Optional.empty();

  @Option(
      names = "--address",
      paramLabel = "IP",
      description =
          "Address under which peers reach this host, repeatable; the one from which it reaches the"
              + " SPIRE server unless given.",
      converter = AddressForm.class)
  private List<IpAddress> addresses = new ArrayList<>();

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any other key of agent.toml, such as network.via=192.0.2.1; repeatable.")
  private Map<String, String> others = new LinkedHashMap<>();

  @Option(
      names = "--yes",
      description = "Puts the redirect rules in force without a trial, also from a terminal.")
  private boolean yes;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description =
          "How long to look on (default: ${DEFAULT-VALUE}); the agent goes on by itself afterwards.")
  private long timeout = 120;

  @Option(
      names = "--json",
      description = "Print the status as JSON at the end; the way there goes to standard error.")
  private boolean json;

  /** For picocli. */
  public Join() {}

  /** Turns a text into a value, or says in its own words why it is none. */
  abstract static class Form<T> implements ITypeConverter<T> {
    private final Function<String, T> reader;

    Form(Function<String, T> reader) {
      this.reader = reader;
    }

    @Override
    public T convert(String text) {
      try {
        return reader.apply(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /** {@code HOST:PORT}. */
  static final class ServerForm extends Form<HostPort> {
    ServerForm() {
      super(HostPort::parse);
    }
  }

  /** A trust domain. */
  static final class TrustDomainForm extends Form<TrustDomain> {
    TrustDomainForm() {
      super(TrustDomain::new);
    }
  }

  /** A name of a host. */
  static final class NameForm extends Form<WorkloadName> {
    NameForm() {
      super(WorkloadName::new);
    }
  }

  /** An IP address. */
  static final class AddressForm extends Form<IpAddress> {
    AddressForm() {
      super(IpAddress::parse);
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    if (!Say.mayConfigure()) {
      return ExitStatus.NO_PERMISSION.code();
    }
    Options options;
    try {
      options = options();
    } catch (IOException e) {
      return Say.why(ExitStatus.CONFIG, e.getMessage() + "; nothing was touched");
    }
    Optional<Console> terminal =
        Optional.ofNullable(System.console())
            .filter(Console::isTerminal)
            .filter(_ -> !yes && !json);
    try {
      Enrolment enrolment = Wiring.enrolment();
      boolean first = !enrolment.state().equals("active");
      Enrolment.Written written = enrolment.write(options, terminal.isPresent() && first);
      say(summary(written.config()));
      enrolment.start();
      if (!first) {
        // It may not have noticed yet that its configuration is another one.
        ControlSocket.ask(Directories.CONTROL, "reload");
      }
      return follow(enrolment, terminal.filter(_ -> written.onTrial()));
    } catch (ConfigException e) {
      return Say.why(
          ExitStatus.CONFIG,
          e.getMessage()
              + (e.problems().stream().anyMatch(Problem::missing)
                  ? "\nWhat is missing is given by --server, --trust-domain, --trust-bundle and --set"
                      + " KEY=VALUE, or in a file."
                  : "")
              + "\nNothing was touched.");
    } catch (HostException | IOException e) {
      return Say.why(ExitStatus.FAILED, String.valueOf(e.getMessage()));
    }
  }

  private Options options() throws IOException {
    return new Options(
        server,
        trustDomain,
        read("--trust-bundle", trustBundle),
        read("--trust-anchors", trustAnchors),
        attestor,
        token(),
        certificate.map(Path::toAbsolutePath),
        privateKey.map(Path::toAbsolutePath),
        name,
        addresses,
        others);
  }

  private static Optional<String> read(String option, Optional<Path> file) throws IOException {
    try {
      return file.isEmpty() ? Optional.empty() : Optional.of(Files.readString(file.get()));
    } catch (IOException e) {
      throw new IOException("reading " + option + " failed: " + e, e);
    }
  }

  private Optional<String> token() throws IOException {
    boolean typed = tokenFile.filter(file -> file.toString().equals("-")).isPresent();
    Optional<String> text =
        typed
            ? Optional.of(new String(System.in.readAllBytes(), StandardCharsets.UTF_8))
            : read("--token-file", tokenFile);
    if (text.filter(String::isBlank).isPresent()) {
      throw new IOException("there is no join token in what --token-file names");
    }
    return text.map(token -> token.strip() + "\n");
  }

  /** What cannot be printed now holds nothing up: the status says what is missing. */
  private static String entries(AgentConfig config) {
    try {
      return Wiring.entries(config).commands();
    } catch (HostException | IOException e) {
      return "# not known yet: " + e.getMessage() + "\n";
    }
  }

  private static String summary(AgentConfig config) {
    return "Host "
        + config.host().name()
        + ", reached by peers at "
        + String.join(", ", config.host().addresses().stream().map(IpAddress::toString).toList())
        + ", joins "
        + config.mesh().trustDomain()
        + " with "
        + config.workloads().size()
        + " workloads "
        + config.workloads().keySet()
        + ".\nThe SPIRE server needs, unless it has them ('meshx entries' prints them again):\n\n"
        + entries(config)
        + "\nThe agent starts.";
  }

  private int follow(Enrolment enrolment, Optional<Console> trial)
      throws HostException, IOException, ConfigException, InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    Progress progress = new Progress();
    long began = System.nanoTime();
    Duration elapsed = Duration.ZERO;
    while (elapsed.toSeconds() < timeout) {
      Optional<Snapshot> now = status();
      elapsed = Duration.ofNanos(System.nanoTime() - began);
      if (now.isPresent()) {
        progress.news(now.get(), elapsed).forEach(this::say);
        if (trial.isPresent() && Progress.awaitsConfirmation(now.get())) {
          return confirm(enrolment, trial.get());
        }
        if (now.get().joined()) {
          return joined(now.get(), elapsed);
        }
      } else if (enrolment.state().equals("failed")) {
        return Say.why(
            ExitStatus.FAILED, "the agent has failed; see 'journalctl -u meshx-agent -n 50'");
      }
      if (never.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
        return ExitStatus.FAILED.code();
      }
    }
    Status.ask(json ? "status json" : "status");
    say(
        "Not joined after "
            + timeout
            + " s; the agent goes on by itself, and 'meshx status' says how far it is.");
    return ExitStatus.NOT_READY.code();
  }

  private int joined(Snapshot now, Duration elapsed) {
    if (json) {
      System.out.print(SnapshotJson.text(now));
    } else {
      say(String.format("%s has joined after %.1f s.", now.host(), elapsed.toMillis() / 1e3));
    }
    return ExitStatus.OK.code();
  }

  /** A terminal that the rules have cut off answers nothing, and then they go by themselves. */
  private int confirm(Enrolment enrolment, Console console) throws HostException, ConfigException {
    String answer =
        console.readLine(
            "All is joined. The redirect rules are on trial and go by themselves; press Enter to keep"
                + " them: ");
    if (answer == null) {
      return Say.why(
          ExitStatus.NOT_READY,
          "Nobody answered, so the redirect rules go. 'meshx confirm' puts them in force.");
    }
    int status = Status.ask("confirm");
    if (status == ExitStatus.OK.code()) {
      enrolment.endTrial();
      say("The host has joined.");
    }
    return status;
  }

  /** What the daemon says; nothing while none answers. */
  static Optional<Snapshot> status() {
    if (!Files.exists(Directories.CONTROL)) {
      return Optional.empty();
    }
    try {
      return SnapshotJson.parse(ControlSocket.ask(Directories.CONTROL, "status json").text());
    } catch (IOException e) {
      // It starts, or has just ended: the next look says more.
      return Optional.empty();
    }
  }

  private void say(String line) {
    (json ? System.err : System.out).println(line);
  }
}
