// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"slices"
	"sync"
	"time"

	"meshx.io/stand-in/internal/config"
	"meshx.io/stand-in/internal/identity"
	"meshx.io/stand-in/internal/metrics"
)

const clientIDHeader = "L5d-Client-Id"

// inbound takes connections from other hosts to the local workload.
type inbound struct {
	config   *config.Config
	log      *slog.Logger
	identity *identity.Store
	policy   *inboundPolicy
	metrics  *metrics.Registry
	server   *server

	transports sync.Map // of *http.Transport by netip.AddrPort
	reverse    *httputil.ReverseProxy
}

// inboundConn is what is known of an accepted connection.
type inboundConn struct {
	client   netip.AddrPort
	target   netip.AddrPort
	clientID string
	tls      string // labels
}

func newInbound(c *config.Config, log *slog.Logger, id *identity.Store, policy *inboundPolicy, m *metrics.Registry, listener *net.TCPListener) *inbound {
	in := &inbound{config: c, log: log, identity: id, policy: policy, metrics: m}
	in.reverse = &httputil.ReverseProxy{
		Rewrite:       in.rewrite,
		Transport:     roundTripper(in.roundTrip),
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			proxyError(w, http.StatusBadGateway, err.Error())
		},
	}
	in.server = &server{name: "inbound", log: log, listeners: []*net.TCPListener{listener}, handle: in.handle, handler: http.HandlerFunc(in.serveHTTP)}
	return in
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// handle finds out what a connection is and what it may reach.
func (in *inbound) handle(ctx context.Context, tcp *net.TCPConn, dst netip.AddrPort) {
	if ips := in.config.InboundIPs; len(ips) > 0 && !slices.Contains(ips, dst.Addr()) {
		in.log.Debug("Connection refused", "error", "not an allowed address", "dst", dst)
		tcp.Close()
		return
	}
	conn, info, err := in.identify(ctx, tcp, dst)
	if err != nil {
		in.log.Info("Connection closed", "error", err, "client.addr", remoteAddr(tcp), "server.addr", dst)
		tcp.Close()
		return
	}
	verdict := in.policy.decide(info.target.Port(), info.client.Addr(), info.clientID)
	in.metrics.Add("tcp_open_total", `direction="inbound",peer="src",`+in.labels(info, verdict), 1)
	if !verdict.allowed && verdict.status == 0 {
		in.deny(conn, info, verdict)
		return
	}
	http1, err := false, error(nil)
	if !in.opaque(info.target.Port()) {
		http1, err = conn.isHTTP1(in.config.InboundDetectTimeout)
	}
	switch {
	case err != nil:
		conn.Close()
	case http1:
		in.server.serveHTTP(conn, info)
	case !verdict.allowed:
		in.deny(conn, info, verdict)
	default:
		in.forward(conn, info, verdict)
	}
}

// identify terminates mesh TLS, if that is what the client speaks.
func (in *inbound) identify(ctx context.Context, tcp *net.TCPConn, dst netip.AddrPort) (*peekedConn, inboundConn, error) {
	info := inboundConn{client: remoteAddr(tcp), target: dst, tls: noTLSFromRemote}
	direct := dst.Port() == in.config.InboundListen.Port()
	conn := newPeekedConn(tcp)
	if !direct && in.opaque(dst.Port()) {
		info.tls = portSkipped
		return conn, info, nil
	}
	name, isTLS, err := conn.serverName(in.config.InboundDetectTimeout)
	switch {
	case err != nil:
		return nil, info, err
	case isTLS && name == in.config.ServerName:
	case direct:
		return nil, info, fmt.Errorf("direct connections must be mutually authenticated")
	case isTLS:
		info.tls = passedThroughLabels(name)
		return conn, info, nil
	default:
		return conn, info, nil
	}

	var protocols []string
	if direct {
		protocols = []string{headerProtocol}
	}
	secure := tls.Server(conn, in.identity.Server(protocols...))
	ctx, cancel := context.WithTimeout(ctx, in.config.InboundDetectTimeout)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, info, fmt.Errorf("TLS handshake failed: %w", err)
	}
	info.clientID = identity.ClientID(secure.ConnectionState())
	info.tls = establishedLabels(info.clientID)
	if direct {
		if info.clientID == "" {
			return nil, info, fmt.Errorf("direct connections must be mutually authenticated")
		}
		if secure.ConnectionState().NegotiatedProtocol != headerProtocol {
			return nil, info, fmt.Errorf("transport header is required on direct connections")
		}
		secure.SetReadDeadline(time.Now().Add(in.config.InboundDetectTimeout))
		port, err := readHeader(secure)
		if err != nil {
			return nil, info, err
		}
		secure.SetReadDeadline(time.Time{})
		info.target = netip.AddrPortFrom(localAddr(tcp).Addr(), port)
	}
	return newPeekedConn(secure), info, nil
}

func (in *inbound) opaque(port uint16) bool {
	return slices.ContainsFunc(in.config.OpaquePorts, func(r config.PortRange) bool { return r.Contains(port) })
}

// labels says of a connection where it goes, who it is from and what decided.
func (in *inbound) labels(info inboundConn, v verdict) string {
	return targetLabels(info.target) + "," + info.tls + "," + serverLabels(v.policy, info.target.Port())
}

func (in *inbound) deny(conn net.Conn, info inboundConn, v verdict) {
	in.log.Info("Connection denied", "server.name", v.policy, "client", info.client, "tls", info.tls)
	in.metrics.Add("inbound_tcp_authz_deny_total", in.labels(info, v), 1)
	conn.Close()
}

// forward copies bytes to the workload.
func (in *inbound) forward(conn net.Conn, info inboundConn, v verdict) {
	in.metrics.Add("inbound_tcp_authz_allow_total", in.labels(info, v)+`,authz_group="",authz_kind="default",authz_name="`+v.policy+`"`, 1)
	upstream, err := in.dial(context.Background(), info.target)
	if err != nil {
		in.log.Info("Connection closed", "error", err, "client.addr", info.client, "server.addr", info.target)
		conn.Close()
		return
	}
	copyBoth(conn, upstream)
}

func (in *inbound) dial(ctx context.Context, target netip.AddrPort) (net.Conn, error) {
	dialer := net.Dialer{Timeout: in.config.InboundConnectTimeout}
	return dialer.DialContext(ctx, "tcp", target.String())
}

// serveHTTP authorizes each request and passes it to the workload.
func (in *inbound) serveHTTP(w http.ResponseWriter, r *http.Request) {
	info := connInfo[inboundConn](r)
	verdict := in.policy.decide(info.target.Port(), info.client.Addr(), info.clientID)
	labels := in.labels(info, verdict)
	if !verdict.allowed {
		in.log.Info("Request denied", "server.name", verdict.policy, "client", info.client, "tls", info.tls)
		in.metrics.Add("inbound_http_authz_deny_total", labels, 1)
		proxyError(w, http.StatusForbidden, "unauthorized request on route")
		return
	}
	labels += "," + authorizationLabels(verdict.policy)
	in.metrics.Add("inbound_http_authz_allow_total", labels, 1)
	in.metrics.Add("request_total", `direction="inbound",`+labels, 1)
	counted := &statusWriter{ResponseWriter: w, count: func(status int) {
		in.metrics.Add("response_total", `direction="inbound",`+labels+","+classification(status), 1)
	}}
	in.reverse.ServeHTTP(counted, r)
}

// rewrite turns a request into the one for the workload. Everything the client
// sent goes through, but for an identity that it claims.
func (in *inbound) rewrite(r *httputil.ProxyRequest) {
	info := connInfo[inboundConn](r.In)
	passThrough(r, info.target)
	r.Out.Header.Del(clientIDHeader)
	if info.clientID != "" {
		r.Out.Header.Set(clientIDHeader, info.clientID)
	}
}

func (in *inbound) roundTrip(r *http.Request) (*http.Response, error) {
	target := connInfo[inboundConn](r).target
	transport, ok := in.transports.Load(target)
	if !ok {
		transport, _ = in.transports.LoadOrStore(target, newTransport(func(ctx context.Context) (net.Conn, error) {
			return in.dial(ctx, target)
		}))
	}
	return transport.(*http.Transport).RoundTrip(r)
}

// passThrough undoes what httputil.ReverseProxy does to a request beyond
// sending it elsewhere.
func passThrough(r *httputil.ProxyRequest, target netip.AddrPort) {
	r.Out.URL.Scheme, r.Out.URL.Host = "http", target.String()
	r.Out.URL.RawQuery = r.In.URL.RawQuery
	r.Out.Host = r.In.Host
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = values
		}
	}
}

// statusWriter reports the status of a response once.
type statusWriter struct {
	http.ResponseWriter
	count func(status int)
	done  bool
}

func (w *statusWriter) WriteHeader(status int) {
	if !w.done && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.done = true
		w.count(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController the writer's other abilities.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
