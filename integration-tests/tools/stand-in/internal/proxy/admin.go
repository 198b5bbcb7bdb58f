// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"io"
	"net/http"
	"net/netip"

	"meshx.io/stand-in/internal/config"
	"meshx.io/stand-in/internal/metrics"
)

// admin serves the proxy's own port, under the workload's inbound policy.
type admin struct {
	config   *config.Config
	policy   *inboundPolicy
	metrics  *metrics.Registry
	ready    func() bool
	shutdown func()
}

func (a *admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	client, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	port := a.config.AdminListen.Port()
	labels := targetLabels(a.config.AdminListen) + "," + noTLSFromRemote
	verdict := a.policy.decide(port, client.Addr().Unmap(), "")
	labels += "," + serverLabels(verdict.policy, port)
	switch {
	case verdict.allowed:
		labels += "," + authorizationLabels(verdict.policy)
		a.metrics.Add("inbound_http_authz_allow_total", labels, 1)
	case verdict.status != http.StatusForbidden:
		a.metrics.Add("inbound_http_route_not_found_total", labels, 1)
		proxyError(w, http.StatusNotFound, "no route found for request")
		return
	default:
		a.metrics.Add("inbound_http_authz_deny_total", labels, 1)
		proxyError(w, verdict.status, "unauthorized request on route")
		return
	}
	a.metrics.Add("request_total", `direction="inbound",`+labels, 1)

	w.Header().Set("Content-Type", "text/plain")
	switch r.URL.Path {
	case "/live":
		io.WriteString(w, "live\n")
	case "/ready":
		if !a.ready() {
			w.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(w, "not ready\n")
			return
		}
		io.WriteString(w, "ready\n")
	case "/metrics":
		a.metrics.Write(w)
	case "/shutdown":
		a.serveShutdown(w, r, client)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (a *admin) serveShutdown(w http.ResponseWriter, r *http.Request, client netip.AddrPort) {
	switch {
	case r.Method != http.MethodPost:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case !a.config.ShutdownEndpoint:
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "shutdown endpoint is not enabled\n")
	case !client.Addr().Unmap().IsLoopback():
		w.WriteHeader(http.StatusForbidden)
	default:
		io.WriteString(w, "shutdown\n")
		a.shutdown()
	}
}
