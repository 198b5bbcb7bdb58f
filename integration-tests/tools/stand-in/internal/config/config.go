// SPDX-License-Identifier: Apache-2.0

// Package config reads the environment of linkerd2-proxy, with its defaults
// and with its refusals.
package config

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"meshx.io/stand-in/internal/spiffe"
)

// Errors that end the process, in the real proxy's words.
var (
	ErrInvalid       = errors.New("invalid environment variable")
	ErrNoDestination = errors.New("no destination service configured")
	ErrNoPolicy      = errors.New("no policy service configured")
	ErrIDMismatch    = errors.New("linkerd identity requires a TLS Id and server name to be the same")
)

// Config is what the proxy was told.
type Config struct {
	OutboundListen []netip.AddrPort
	InboundListen  netip.AddrPort
	AdminListen    netip.AddrPort

	Socket       string // of the Workload API
	SpireBackoff spiffe.Backoff
	ServerID     string
	ServerName   string
	TrustAnchors string

	Destination ControlAddr
	Policy      ControlAddr
	Workload    string // how the policy controller knows us

	DefaultPolicy   string
	ClusterNetworks []netip.Prefix
	ProfileNetworks []netip.Prefix
	InboundIPs      []netip.Addr
	OpaquePorts     []PortRange

	InboundConnectTimeout  time.Duration
	OutboundConnectTimeout time.Duration
	InboundDetectTimeout   time.Duration
	OutboundDetectTimeout  time.Duration
	OutboundFailFast       time.Duration
	InboundBackoff         spiffe.Backoff
	OutboundBackoff        spiffe.Backoff
	ShutdownGracePeriod    time.Duration
	ShutdownEndpoint       bool
}

// HostPort is the address of a control plane service.
type HostPort struct {
	Host string
	Port uint16
}

func (a HostPort) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port))) }

// Loopback tells whether connections to the address stay on this host.
func (a HostPort) Loopback() bool {
	ip, err := netip.ParseAddr(a.Host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(strings.TrimSuffix(a.Host, "."), "localhost")
}

// ControlAddr is a control plane service. Without a Name it is spoken to in
// the clear, which is allowed on the loopback interface only.
type ControlAddr struct {
	Addr HostPort
	Name string
}

// PortRange is an inclusive range of ports.
type PortRange struct{ Low, High uint16 }

// Contains tells whether port is in the range.
func (r PortRange) Contains(port uint16) bool { return r.Low <= port && port <= r.High }

// Load reads the configuration through lookup, which has the signature of
// os.LookupEnv. It logs everything that is wrong and returns the error that the
// real proxy would end with.
func Load(lookup func(string) (string, bool), log *slog.Logger) (*Config, error) {
	l := &loader{lookup: lookup, log: log}
	c := &Config{
		InboundListen:          get(l, "INBOUND_LISTEN_ADDR", netip.MustParseAddrPort("0.0.0.0:4143"), parseSocketAddr),
		AdminListen:            get(l, "ADMIN_LISTEN_ADDR", netip.MustParseAddrPort("127.0.0.1:4191"), parseSocketAddr),
		InboundConnectTimeout:  get(l, "INBOUND_CONNECT_TIMEOUT", 300*time.Millisecond, parseDuration),
		OutboundConnectTimeout: get(l, "OUTBOUND_CONNECT_TIMEOUT", time.Second, parseDuration),
		InboundDetectTimeout:   get(l, "INBOUND_DETECT_TIMEOUT", 10*time.Second, parseDuration),
		OutboundDetectTimeout:  get(l, "OUTBOUND_DETECT_TIMEOUT", 10*time.Second, parseDuration),
		OutboundFailFast:       get(l, "OUTBOUND_HTTP_FAILFAST_TIMEOUT", 3*time.Second, parseDuration),
		ShutdownGracePeriod:    get(l, "SHUTDOWN_GRACE_PERIOD", 2*time.Minute, parseDuration),
		ShutdownEndpoint:       get(l, "SHUTDOWN_ENDPOINT_ENABLED", false, parseBool),
		ProfileNetworks:        get(l, "DESTINATION_PROFILE_NETWORKS", nil, parseNetworks),
		InboundIPs:             get(l, "INBOUND_IPS", nil, parseIPs),
		OpaquePorts:            get(l, "INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION", nil, parsePorts),
		ClusterNetworks:        get(l, "POLICY_CLUSTER_NETWORKS", nil, parseNetworks),
	}
	l.outboundListen(c)
	l.checkUnused()
	l.controlStreamLimits()
	c.InboundBackoff = l.backoff("INBOUND_CONNECT", spiffe.Backoff{Min: 100 * time.Millisecond, Max: 10 * time.Second, Jitter: 0.1})
	c.OutboundBackoff = l.backoff("OUTBOUND_CONNECT", spiffe.Backoff{Min: 100 * time.Millisecond, Max: time.Minute, Jitter: 0.1})

	const policy = "INBOUND_DEFAULT_POLICY"
	c.DefaultPolicy = get(l, policy, "all-unauthenticated", policyParser(len(c.ClusterNetworks) > 0))
	if _, ok := lookup(prefix + policy); !ok {
		log.Warn(prefix + policy + " was not set; using `all-unauthenticated`")
	}
	if len(c.InboundIPs) == 0 && l.err == nil {
		log.Info("`" + prefix + "INBOUND_IPS` allowlist not configured, allowing all target addresses")
	}

	c.Destination = l.controlAddr("DESTINATION_SVC", ErrNoDestination)
	c.Policy = l.controlAddr("POLICY_SVC", ErrNoPolicy)
	if workload, ok := lookup(prefix + "POLICY_WORKLOAD"); ok {
		c.Workload = workload
	} else {
		l.fail(prefix + "POLICY_WORKLOAD must be set with " + prefix + "POLICY_SVC_ADDR")
	}
	l.identity(c)
	return c, l.err
}

const prefix = "LINKERD2_PROXY_"

// loader keeps the first error, which is the one the process ends with.
type loader struct {
	lookup func(string) (string, bool)
	log    *slog.Logger
	err    error
}

func (l *loader) fail(message string) {
	l.log.Error(message)
	l.end(ErrInvalid)
}

func (l *loader) end(err error) {
	if l.err == nil {
		l.err = err
	}
}

// get parses the variable of the given name, without its prefix; unset it is
// fallback.
func get[T any](l *loader, name string, fallback T, parse func(string) (T, error)) T {
	value, ok := lookupAs(l, name, parse)
	if !ok {
		return fallback
	}
	return value
}

func lookupAs[T any](l *loader, name string, parse func(string) (T, error)) (value T, ok bool) {
	text, ok := l.lookup(prefix + name)
	if !ok {
		return value, false
	}
	if !utf8.ValidString(text) {
		l.fail(prefix + name + " is not encoded in Unicode")
		return value, false
	}
	value, err := parse(text)
	if err != nil {
		l.fail(prefix + name + "=" + strconv.Quote(text) + " is not valid: " + err.Error())
		return value, false
	}
	return value, true
}

func (l *loader) outboundListen(c *Config) {
	single, ok := lookupAs(l, "OUTBOUND_LISTEN_ADDR", parseSocketAddr)
	if !ok {
		single = netip.MustParseAddrPort("127.0.0.1:4140")
	}
	c.OutboundListen = get(l, "OUTBOUND_LISTEN_ADDRS", []netip.AddrPort{single}, parseSocketAddrs)
}

// checkUnused refuses bad values of variables that the stand-in has no use for.
func (l *loader) checkUnused() {
	for _, name := range strings.Fields(`INBOUND_HTTP_FAILFAST_TIMEOUT OUTBOUND_TCP_FAILFAST_TIMEOUT
		INBOUND_ACCEPT_KEEPALIVE OUTBOUND_ACCEPT_KEEPALIVE INBOUND_CONNECT_KEEPALIVE OUTBOUND_CONNECT_KEEPALIVE
		INBOUND_ACCEPT_USER_TIMEOUT OUTBOUND_ACCEPT_USER_TIMEOUT INBOUND_CONNECT_USER_TIMEOUT OUTBOUND_CONNECT_USER_TIMEOUT
		INBOUND_DISCOVERY_IDLE_TIMEOUT OUTBOUND_DISCOVERY_IDLE_TIMEOUT METRICS_RETAIN_IDLE DNS_MIN_TTL DNS_MAX_TTL
		DESTINATION_PROFILE_INITIAL_TIMEOUT INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT`) {
		lookupAs(l, name, parseDuration)
	}
	for _, name := range strings.Fields(`INBOUND_HTTP_QUEUE_CAPACITY OUTBOUND_TCP_QUEUE_CAPACITY OUTBOUND_HTTP_QUEUE_CAPACITY
		INBOUND_TCP_LISTEN_BACKLOG OUTBOUND_TCP_LISTEN_BACKLOG MAX_IDLE_CONNS_PER_ENDPOINT OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT
		INBOUND_MAX_IN_FLIGHT OUTBOUND_MAX_IN_FLIGHT HTTP2_INITIAL_STREAM_WINDOW_SIZE HTTP2_INITIAL_CONNECTION_WINDOW_SIZE`) {
		lookupAs(l, name, parseNumber)
	}
	for _, name := range strings.Fields(`INGRESS_MODE OUTBOUND_DISABLE_INFORMATIONAL_HEADERS OUTBOUND_METRICS_HOSTNAME_LABELS`) {
		lookupAs(l, name, parseBool)
	}
	lookupAs(l, "CONTROL_LISTEN_ADDR", parseSocketAddr)
	lookupAs(l, "TAP_SVC_NAME", parseIdentity)
	lookupAs(l, "DESTINATION_PROFILE_SUFFIXES", parseSuffixes)
	lookupAs(l, "INBOUND_GATEWAY_SUFFIXES", parseSuffixes)
	lookupAs(l, "INBOUND_PORTS", parsePorts)
	lookupAs(l, "INBOUND_METRICS_AUTHORITY_LABELS", parseAuthorityLabels)
}

func (l *loader) controlStreamLimits() {
	names := [...]string{"CONTROL_STREAM_INITIAL_TIMEOUT", "CONTROL_STREAM_IDLE_TIMEOUT", "CONTROL_STREAM_LIFETIME"}
	var limits [len(names)]time.Duration
	for i, name := range names {
		limits[i] = get(l, name, 0, parseOptionalDuration)
		for j := range i {
			if limits[i] != 0 && limits[j] > limits[i] {
				l.fail(prefix + names[j] + " must be less than " + prefix + name)
			}
		}
	}
}

func (l *loader) backoff(base string, fallback spiffe.Backoff) spiffe.Backoff {
	names := [...]string{base + "_EXP_BACKOFF_MIN", base + "_EXP_BACKOFF_MAX", base + "_EXP_BACKOFF_JITTER"}
	low, hasLow := lookupAs(l, names[0], parseDuration)
	high, hasHigh := lookupAs(l, names[1], parseDuration)
	jitter, hasJitter := lookupAs(l, names[2], parseFloat)
	switch {
	case !hasLow && !hasHigh && !hasJitter:
		return fallback
	case !hasLow || !hasHigh:
		l.fail("You need to specify either all of " + prefix + strings.Join(names[:], " "+prefix) + " or none of them to use the default backoff")
	case low == 0 || low > high || jitter < 0:
		l.fail("Invalid backoff " + prefix + names[0] + "=" + low.String() + " " + prefix + names[1] + "=" + high.String())
	}
	return spiffe.Backoff{Min: low, Max: high, Jitter: jitter}
}

func (l *loader) controlAddr(base string, missing error) ControlAddr {
	addr, hasAddr := lookupAs(l, base+"_ADDR", parseHostPort)
	name, hasName := lookupAs(l, base+"_NAME", parseName)
	_, addrSet := l.lookup(prefix + base + "_ADDR")
	_, nameSet := l.lookup(prefix + base + "_NAME")
	switch {
	case hasAddr && addr.Loopback():
		return ControlAddr{Addr: addr}
	case hasAddr && hasName:
		return ControlAddr{Addr: addr, Name: name}
	case !addrSet && !nameSet:
		l.end(missing)
	case addrSet != nameSet:
		l.fail(prefix + base + "_ADDR and " + prefix + base + "_NAME must be specified together")
	}
	return ControlAddr{}
}

func (l *loader) identity(c *Config) {
	idName, serverName := "IDENTITY_SERVER_ID", "IDENTITY_SERVER_NAME"
	if _, ok := l.lookup(prefix + "IDENTITY_LOCAL_NAME"); ok {
		idName, serverName = "IDENTITY_LOCAL_NAME", "IDENTITY_LOCAL_NAME"
	}
	if disabled, _ := l.lookup(prefix + "IDENTITY_DISABLED"); disabled != "" {
		l.fail(prefix + "IDENTITY_DISABLED is no longer supported. Identity is must be enabled.")
	}
	c.TrustAnchors = get(l, "IDENTITY_TRUST_ANCHORS", "", parseTrustAnchors)
	c.ServerID = get(l, idName, "", parseIdentity)
	c.ServerName = get(l, serverName, "", parseName)
	for _, name := range []string{"IDENTITY_TRUST_ANCHORS", idName, serverName} {
		if _, ok := l.lookup(prefix + name); !ok {
			l.fail(prefix + name + " must be set.")
		}
	}

	const name, deprecated = "IDENTITY_SPIRE_WORKLOAD_API_ADDRESS", "IDENTITY_SPIRE_SOCKET"
	socket, ok := lookupAs(l, name, parseString)
	if !ok {
		if socket, ok = lookupAs(l, deprecated, parseString); ok {
			l.log.Warn(prefix + deprecated + " has been deprecated; use " + prefix + name)
		}
	}
	if !ok {
		// Identity by Linkerd's own service is of no use outside a cluster.
		if c.ServerID != c.ServerName {
			l.end(ErrIDMismatch)
		}
		for _, name := range []string{"IDENTITY_SVC_ADDR and " + prefix + "IDENTITY_SVC_NAME", "IDENTITY_DIR", "IDENTITY_TOKEN_FILE"} {
			l.fail(prefix + name + " must be set.")
		}
		return
	}
	c.Socket = socket
	if scheme, _, ok := strings.Cut(c.ServerID, ":"); c.ServerID != "" && (!ok || !strings.EqualFold(scheme, "spiffe")) {
		l.fail("Spire support requires a SPIFFE TLS Id")
	}
	// The prefix twice is how the real proxy spells it.
	c.SpireBackoff = l.backoff(prefix+"IDENTITY_SPIRE", spiffe.Backoff{Min: 100 * time.Millisecond, Max: time.Second, Jitter: 0.1})
}
