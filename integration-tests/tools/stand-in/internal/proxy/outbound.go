// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"meshx.io/stand-in/internal/config"
	"meshx.io/stand-in/internal/control"
	"meshx.io/stand-in/internal/identity"
	"meshx.io/stand-in/internal/metrics"
)

const (
	// answerLifetime is how long an answer of the destination service is
	// believed; the real proxy has a watch.
	answerLifetime = time.Second
	// discoveryIdleTimeout is how long a destination that nobody connects to is
	// remembered.
	discoveryIdleTimeout = 5 * time.Second
	// retryPause lies between two rounds over a destination's endpoints.
	retryPause = 100 * time.Millisecond
)

var (
	errNoEndpoints = errors.New("no endpoints")
	errLoopback    = errors.New("Outbound proxy cannot initiate connections on the loopback interface")
)

// dialError is a failure to connect, after which another endpoint may be tried.
type dialError struct{ error }

func (e dialError) Unwrap() error { return e.error }

// outbound takes connections of the local workload to other hosts.
type outbound struct {
	config      *config.Config
	log         *slog.Logger
	identity    *identity.Store
	destination *control.Client
	policy      *control.Client
	metrics     *metrics.Registry
	server      *server
	reverse     *httputil.ReverseProxy

	routes     sync.Map // of *route by netip.AddrPort
	transports sync.Map // of *http.Transport by control.Endpoint
}

// route is what is known about a destination.
type route struct {
	dst      netip.AddrPort
	next     atomic.Uint32 // endpoint to begin with
	failFast atomic.Bool   // the last attempt took too long

	mu       sync.Mutex
	answer   []control.Endpoint
	answered time.Time
	used     time.Time
}

// status of a failed request: a timeout at first, then at once unavailable.
type failFastError struct{ status int }

func (e failFastError) Error() string { return "logical service in fail-fast" }

func newOutbound(c *config.Config, log *slog.Logger, id *identity.Store, destination, policy *control.Client, m *metrics.Registry, listeners []*net.TCPListener) *outbound {
	out := &outbound{config: c, log: log, identity: id, destination: destination, policy: policy, metrics: m}
	out.reverse = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			passThrough(r, connInfo[*route](r.In).dst)
		},
		Transport:     roundTripper(out.roundTrip),
		FlushInterval: -1,
		ErrorHandler:  out.fail,
	}
	out.server = &server{name: "outbound", log: log, listeners: listeners, handle: out.handle, handler: out.reverse}
	return out
}

func (out *outbound) handle(ctx context.Context, tcp *net.TCPConn, dst netip.AddrPort) {
	if dst.Addr().IsLoopback() || dst == localAddr(tcp) {
		out.log.Info("Connection closed", "error", errLoopback, "client.addr", remoteAddr(tcp), "server.addr", dst)
		tcp.Close()
		return
	}
	out.metrics.Add("tcp_open_total", `direction="outbound",peer="src",`+targetLabels(dst)+","+loopback, 1)
	value, _ := out.routes.LoadOrStore(dst, &route{dst: dst})
	route := value.(*route)

	// Whether to look for HTTP is part of the answer.
	endpoints, err := out.resolve(ctx, route)
	if err != nil {
		tcp.Close()
		return
	}
	conn := newPeekedConn(tcp)
	http1 := false
	if len(endpoints) == 0 || !endpoints[0].Opaque {
		if http1, err = conn.isHTTP1(out.config.OutboundDetectTimeout); err != nil {
			tcp.Close()
			return
		}
	}
	if http1 {
		out.server.serveHTTP(conn, route)
		return
	}
	var upstream net.Conn
	err = out.attempt(ctx, route, func(e control.Endpoint) (err error) {
		upstream, err = out.dial(ctx, e)
		return err
	})
	if err != nil {
		out.log.Info("Connection closed", "error", err, "client.addr", remoteAddr(tcp), "server.addr", dst)
		tcp.Close()
		return
	}
	copyBoth(conn, upstream)
}

// resolve returns the endpoints of a destination: the original one, in the
// clear, when nobody knows it. A destination that was never asked about waits
// for both services; one in use outlives their absence.
func (out *outbound) resolve(ctx context.Context, r *route) ([]control.Endpoint, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.used) > discoveryIdleTimeout {
		r.answered = time.Time{}
	}
	r.used = time.Now()
	fresh := time.Since(r.answered) < answerLifetime
	if !r.answered.IsZero() && (fresh || !out.destination.Connected()) {
		return r.answer, nil
	}
	if r.answered.IsZero() {
		if err := out.policy.Wait(ctx); err != nil {
			return nil, err
		}
	}
	response, err := out.destination.Call(ctx, control.Request{Destination: r.dst.String()})
	if err != nil {
		return nil, err
	}
	r.answer, r.answered = out.endpoints(r.dst, response), time.Now()
	return r.answer, nil
}

func (out *outbound) endpoints(dst netip.AddrPort, response control.Response) []control.Endpoint {
	original := []control.Endpoint{{Addr: dst}}
	if !response.Known {
		return original
	}
	endpoints := slices.Clone(response.Endpoints)
	for i, e := range endpoints {
		if e.Port == 0 {
			endpoints[i].Port = dst.Port()
		}
		// An address of a workload, rather than of a service, is looked up in
		// the profile networks only.
		if e.Addr.Addr() == dst.Addr() && !slices.ContainsFunc(out.config.ProfileNetworks, func(n netip.Prefix) bool { return n.Contains(dst.Addr()) }) {
			return original
		}
	}
	return endpoints
}

// attempt calls try with one endpoint after the other until one can be
// connected to. Without success for as long as the fail-fast timeout, the
// destination is in fail-fast: further attempts are one round only.
func (out *outbound) attempt(ctx context.Context, r *route, try func(control.Endpoint) error) error {
	deadline := time.Now().Add(out.config.OutboundFailFast)
	for {
		endpoints, err := out.resolve(ctx, r)
		if err != nil {
			return err
		}
		last := errNoEndpoints
		start := int(r.next.Add(1))
		for i := range endpoints {
			err := try(endpoints[(start+i)%len(endpoints)])
			if !errors.As(err, new(dialError)) {
				r.failFast.Store(false)
				return err
			}
			last = err
		}
		if r.failFast.Load() {
			return failFastError{http.StatusServiceUnavailable}
		}
		if !time.Now().Add(retryPause).Before(deadline) {
			r.failFast.Store(true)
			out.log.Warn("Service entering failfast after "+out.config.OutboundFailFast.String(), "dst", r.dst, "error", last)
			return failFastError{http.StatusGatewayTimeout}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryPause):
		}
	}
}

// dial connects to an endpoint: with mutual TLS and a transport header if it is
// meshed and not on this host.
func (out *outbound) dial(ctx context.Context, e control.Endpoint) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, out.config.OutboundConnectTimeout)
	defer cancel()
	if e.Addr.Addr().IsLoopback() {
		return nil, dialError{errLoopback}
	}
	local := slices.Contains(out.config.InboundIPs, e.Addr.Addr())
	addr := e.Addr
	if local && e.Port != 0 {
		addr = netip.AddrPortFrom(e.Addr.Addr(), e.Port)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return nil, dialError{err}
	}
	if e.Identity != "" && !local {
		secure := tls.Client(conn, out.identity.Client(e.ServerName, e.Identity, headerProtocol))
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, dialError{fmt.Errorf("TLS handshake with %s failed: %w", e.Addr, err)}
		}
		if err := writeHeader(secure, e.Port); err != nil {
			conn.Close()
			return nil, dialError{err}
		}
		conn = secure
	}
	labels := `direction="outbound",peer="dst",` + endpointLabels(e, local)
	out.metrics.Add("tcp_open_total", labels, 1)
	out.metrics.Add("tcp_open_connections", labels, 1)
	return &countedConn{Conn: conn, closed: func() { out.metrics.Add("tcp_open_connections", labels, -1) }}, nil
}

// countedConn tells when it is closed.
type countedConn struct {
	net.Conn
	once   sync.Once
	closed func()
}

func (c *countedConn) Close() error {
	c.once.Do(c.closed)
	return c.Conn.Close()
}

func (c *countedConn) CloseWrite() error { return closeWrite(c.Conn) }

// roundTrip sends a request to an endpoint of its destination, and to another
// one when the first cannot be connected to.
func (out *outbound) roundTrip(r *http.Request) (response *http.Response, err error) {
	route := connInfo[*route](r)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = keptBody{r.Body}
	}
	err = out.attempt(r.Context(), route, func(e control.Endpoint) (err error) {
		labels := `direction="outbound",` + endpointLabels(e, slices.Contains(out.config.InboundIPs, e.Addr.Addr()))
		if response, err = out.transport(e).RoundTrip(r); err != nil {
			return err
		}
		out.metrics.Add("request_total", labels, 1)
		out.metrics.Add("response_total", labels+","+classification(response.StatusCode), 1)
		return nil
	})
	return response, err
}

// keptBody survives an attempt that did not get as far as sending it; the HTTP
// server closes what it wraps.
type keptBody struct{ io.Reader }

func (keptBody) Close() error { return nil }

func (out *outbound) transport(e control.Endpoint) *http.Transport {
	value, ok := out.transports.Load(e)
	if !ok {
		value, _ = out.transports.LoadOrStore(e, newTransport(func(ctx context.Context) (net.Conn, error) {
			return out.dial(ctx, e)
		}))
	}
	return value.(*http.Transport)
}

func (out *outbound) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusBadGateway
	var failFast failFastError
	if errors.As(err, &failFast) {
		status = failFast.status
	}
	proxyError(w, status, err.Error())
}
