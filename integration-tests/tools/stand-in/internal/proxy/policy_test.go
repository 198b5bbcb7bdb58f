// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"net/http"
	"net/netip"
	"testing"

	"meshx.io/stand-in/internal/config"
	"meshx.io/stand-in/internal/control"
)

func TestPolicy(t *testing.T) {
	const web = "spiffe://example.org/web"
	client := netip.MustParseAddr("192.0.2.9")
	deny := control.Rule{Default: "deny"}
	for name, test := range map[string]struct {
		fallback string
		served   *control.Policy
		identity string
		allowed  bool
		status   int
	}{
		"nothing served, open":       {"all-unauthenticated", nil, "", true, http.StatusForbidden},
		"nothing served, closed":     {"deny", nil, "", false, 0},
		"served closed":              {"all-unauthenticated", &control.Policy{Rule: deny}, "", false, http.StatusForbidden},
		"served open":                {"deny", &control.Policy{Rule: control.Rule{Default: "all-unauthenticated"}}, "", true, http.StatusForbidden},
		"one port closed":            {"deny", &control.Policy{Rule: control.Rule{Default: "all-unauthenticated"}, Ports: map[string]control.Rule{"4191": deny}}, "", false, http.StatusForbidden},
		"listed identity":            {"deny", &control.Policy{Rule: control.Rule{Allow: []string{web}}}, web, true, http.StatusForbidden},
		"authenticated, but SPIFFE":  {"all-authenticated", nil, web, false, http.StatusForbidden},
		"cluster, from outside":      {"cluster-unauthenticated", nil, "", false, http.StatusForbidden},
		"no default means deny":      {"all-unauthenticated", &control.Policy{}, "", false, http.StatusForbidden},
		"identity in another's list": {"deny", &control.Policy{Rule: control.Rule{Allow: []string{web}}}, web + "2", false, http.StatusForbidden},
		"served without routes":      {"deny", &control.Policy{Rule: control.Rule{Default: control.NoRoutes}}, "", false, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			p := inboundPolicy{config: &config.Config{
				DefaultPolicy:   test.fallback,
				ClusterNetworks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
			}}
			p.served.Store(test.served)
			got := p.decide(4191, client, test.identity)
			if got.allowed != test.allowed || got.status != test.status {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestLoopback(t *testing.T) {
	deny := control.Policy{Rule: control.Rule{Default: "deny"}}
	noRoutes := control.Policy{Rule: control.Rule{Default: control.NoRoutes}}
	for name, test := range map[string]struct {
		served  *control.Policy
		allowed bool
	}{
		"nothing served":        {nil, false},
		"served closed":         {&deny, true},
		"served without routes": {&noRoutes, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := inboundPolicy{config: &config.Config{DefaultPolicy: "deny"}}
			p.served.Store(test.served)
			if got := p.decide(4191, netip.MustParseAddr("127.0.0.1"), ""); got.allowed != test.allowed {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestEndpoints(t *testing.T) {
	service, workload := netip.MustParseAddrPort("10.96.0.20:80"), netip.MustParseAddrPort("192.0.2.11:8000")
	peer := control.Endpoint{Addr: netip.MustParseAddrPort("192.0.2.11:4143"), Identity: "spiffe://example.org/web"}
	known := control.Response{Known: true, Endpoints: []control.Endpoint{peer}}
	out := outbound{config: &config.Config{}}

	if got := out.endpoints(service, control.Response{}); got[0].Addr != service || got[0].Identity != "" {
		t.Errorf("unknown: %+v", got)
	}
	if got := out.endpoints(service, known); got[0].Addr != peer.Addr || got[0].Port != 80 {
		t.Errorf("service: %+v", got)
	}
	if got := out.endpoints(workload, known); got[0].Addr != workload || got[0].Identity != "" {
		t.Errorf("workload's address outside the profile networks: %+v", got)
	}
	out.config.ProfileNetworks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	if got := out.endpoints(workload, known); got[0].Addr != peer.Addr || got[0].Port != 8000 {
		t.Errorf("workload's address in the profile networks: %+v", got)
	}
}
