// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"meshx.io/stand-in/internal/config"
	"meshx.io/stand-in/internal/control"
)

// policyInterval is how often an answered policy is asked for again; the real
// proxy has a watch.
const policyInterval = 250 * time.Millisecond

// inboundPolicy decides who may connect. Until the policy service has answered
// it is the default of the environment.
type inboundPolicy struct {
	config *config.Config
	log    *slog.Logger
	served atomic.Pointer[control.Policy]
}

// watch keeps the policy up to date until ctx is done.
func (p *inboundPolicy) watch(ctx context.Context, client *control.Client) {
	for failures := 0; ; {
		response, err := client.Call(ctx, control.Request{Workload: p.config.Workload})
		if err != nil {
			return
		}
		wait := policyInterval
		switch {
		case response.Policy != nil:
			failures = 0
			p.served.Store(response.Policy)
		case response.Error == control.InvalidArgument:
			p.log.Error("Unexpected policy controller response; giving up", "error", response.Error)
			return
		default:
			failures++
			wait = p.config.OutboundBackoff.Wait(failures)
			p.log.Warn("Unexpected policy controller response; retrying with a backoff", "grpc.status", "Some requested entity was not found", "error", response.Error)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// verdict is a decision about a client.
type verdict struct {
	allowed bool
	status  int    // of the answer to a denied HTTP request; 0 closes the connection
	policy  string // name, for labels
}

// decide judges a client of the given port.
func (p *inboundPolicy) decide(port uint16, client netip.Addr, identity string) verdict {
	served := p.served.Load()
	if served == nil {
		rule := control.Rule{Default: p.config.DefaultPolicy}
		v := verdict{allowed: rule.Permits(client, identity, p.config.ClusterNetworks), policy: rule.Default, status: http.StatusForbidden}
		if rule.Default == "deny" {
			v.status = 0 // an opaque server: it has no routes
		}
		return v
	}
	rule, ok := served.Ports[strconv.Itoa(int(port))]
	if !ok {
		rule = served.Rule
	}
	name := rule.Default
	if name == "" {
		name = "deny"
	}
	if name == control.NoRoutes {
		return verdict{policy: name, status: http.StatusNotFound}
	}
	// The real proxy adds an authorization of loopback to every policy that it
	// is served; its own default has none.
	allowed := client.IsLoopback() || rule.Permits(client, identity, p.config.ClusterNetworks)
	return verdict{allowed: allowed, policy: name, status: http.StatusForbidden}
}
