// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"meshx.io/stand-in/internal/logging"
)

func minimal() map[string]string {
	return map[string]string{
		"IDENTITY_SPIRE_SOCKET":  "unix:///run/api.sock",
		"IDENTITY_TRUST_ANCHORS": "PEM",
		"IDENTITY_SERVER_ID":     "spiffe://example.org/web",
		"IDENTITY_SERVER_NAME":   "web.example.org",
		"DESTINATION_SVC_ADDR":   "dst.linkerd.svc.cluster.local.:8086",
		"DESTINATION_SVC_NAME":   "linkerd-destination.example.org",
		"POLICY_SVC_ADDR":        "192.0.2.1:8090",
		"POLICY_SVC_NAME":        "linkerd-destination.example.org",
		"POLICY_WORKLOAD":        `{"ns":"mixed-env", "external_workload":"web"}`,
	}
}

func load(env map[string]string) (*Config, string, error) {
	var out bytes.Buffer
	c, err := Load(func(name string) (string, bool) {
		value, ok := env[strings.TrimPrefix(name, prefix)]
		return value, ok
	}, logging.New(&out, "", "info"))
	return c, out.String(), err
}

func TestMinimalEnvironment(t *testing.T) {
	c, _, err := load(minimal())
	if err != nil {
		t.Fatal(err)
	}
	if got := c.OutboundListen[0].String(); got != "127.0.0.1:4140" {
		t.Errorf("outbound listener %s", got)
	}
	if c.DefaultPolicy != "all-unauthenticated" || c.ShutdownGracePeriod != 2*time.Minute {
		t.Errorf("defaults: %+v", c)
	}
	if got := c.Destination.Addr.String(); got != "dst.linkerd.svc.cluster.local.:8086" {
		t.Errorf("destination %s", got)
	}
}

func TestRefusals(t *testing.T) {
	const unset = "\x00"
	for _, test := range []struct {
		name, value string
		want        error
		logged      string
	}{
		{"IDENTITY_SPIRE_SOCKET", unset, ErrIDMismatch, ""},
		{"IDENTITY_TRUST_ANCHORS", unset, ErrInvalid, "TRUST_ANCHORS must be set"},
		{"IDENTITY_TRUST_ANCHORS", "", ErrInvalid, "InvalidTrustAnchors"},
		{"IDENTITY_SERVER_ID", unset, ErrInvalid, "SERVER_ID must be set"},
		{"IDENTITY_SERVER_ID", "web.example.org", ErrInvalid, "Spire support requires a SPIFFE TLS Id"},
		{"IDENTITY_SERVER_NAME", unset, ErrInvalid, "SERVER_NAME must be set"},
		{"IDENTITY_SERVER_NAME", "not a name", ErrInvalid, "NameError"},
		{"IDENTITY_LOCAL_NAME", "web.example.org", ErrInvalid, "Spire support requires a SPIFFE TLS Id"},
		{"IDENTITY_DISABLED", "1", ErrInvalid, "no longer supported"},
		{"DESTINATION_SVC_ADDR", unset, ErrInvalid, "must be specified together"},
		{"DESTINATION_SVC_NAME", unset, ErrInvalid, "must be specified together"},
		{"POLICY_SVC_ADDR", "policy", ErrInvalid, "AddrError"},
		{"POLICY_WORKLOAD", unset, ErrInvalid, "POLICY_WORKLOAD must be set"},
		{"INBOUND_IPS", "", ErrInvalid, "NotAnIp"},
		{"INBOUND_IPS", "192.0.2.1, 192.0.2.2", ErrInvalid, "NotAnIp"},
		{"INBOUND_PORTS", "80-79", ErrInvalid, "NotAPortRange"},
		{"INBOUND_DEFAULT_POLICY", "cluster-authenticated", ErrInvalid, "InvalidPortPolicy"},
		{"OUTBOUND_LISTEN_ADDRS", "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3", ErrInvalid, "TooManyAddrs"},
		{"ADMIN_LISTEN_ADDR", "localhost:4191", ErrInvalid, "HostIsNotAnIpAddress"},
		{"SHUTDOWN_GRACE_PERIOD", "30", ErrInvalid, "NotADuration"},
		{"SHUTDOWN_ENDPOINT_ENABLED", "yes", ErrInvalid, "NotABool"},
		{"INBOUND_ACCEPT_KEEPALIVE", "1.5s", ErrInvalid, "NotADuration"},
		{"CONTROL_STREAM_IDLE_TIMEOUT", "", nil, ""},
		{prefix + "IDENTITY_SPIRE_EXP_BACKOFF_MIN", "1s", ErrInvalid, "either all of"},
	} {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			env := maps.Clone(minimal())
			env[test.name] = test.value
			if test.value == unset {
				delete(env, test.name)
			}
			_, log, err := load(env)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if !strings.Contains(log, test.logged) {
				t.Errorf("no %q in the log:\n%s", test.logged, log)
			}
		})
	}
}

func TestEveryErrorIsLogged(t *testing.T) {
	env := minimal()
	delete(env, "DESTINATION_SVC_ADDR")
	delete(env, "DESTINATION_SVC_NAME")
	env["INBOUND_IPS"] = ""
	env["SHUTDOWN_GRACE_PERIOD"] = "soon"
	_, log, err := load(env)
	if !errors.Is(err, ErrInvalid) {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{"INBOUND_IPS", "SHUTDOWN_GRACE_PERIOD"} {
		if !strings.Contains(log, prefix+name+"=") {
			t.Errorf("nothing about %s in the log:\n%s", name, log)
		}
	}
}

func TestLoopbackControlPlaneNeedsNoName(t *testing.T) {
	env := minimal()
	env["POLICY_SVC_ADDR"] = "127.0.0.1:8090"
	delete(env, "POLICY_SVC_NAME")
	c, log, err := load(env)
	if err != nil {
		t.Fatal(err, log)
	}
	if c.Policy.Name != "" {
		t.Errorf("name %q", c.Policy.Name)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, " 10ms\t": 10 * time.Millisecond, "2d": 48 * time.Hour} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"1", "1 ms", "12y", "-1s", ""} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
