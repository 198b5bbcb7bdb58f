// SPDX-License-Identifier: Apache-2.0

// Package control is what the stand-in proxy and the stand-in control plane
// say to each other.
//
// The proxy keeps one connection to each service: TLS 1.3 with the proxy's SVID
// as client certificate, or plain TCP on the loopback interface. Both sides
// write JSON objects, one after the other; the proxy Requests, the service one
// Response for each, in the same order. A Request has either a destination or a
// workload:
//
//	{"destination":"10.96.0.20:80"}
//	{"known":true,"endpoints":[{"addr":"192.0.2.11:4143","port":8000,"identity":"spiffe://…","server_name":"…"}]}
//
//	{"workload":"{\"ns\":\"mixed-env\",\"external_workload\":\"web\"}"}
//	{"policy":{"default":"all-unauthenticated","ports":{"4191":{"default":"deny"}}}}
//
// This is not Linkerd's protocol, on purpose: it is small, and nothing but the
// stand-ins can speak it.
package control

import (
	"net/netip"
	"slices"
)

// Request asks about a destination or about a workload's own policy.
type Request struct {
	Destination string `json:"destination,omitempty"`
	Workload    string `json:"workload,omitempty"`
}

// Errors in a Response.
const (
	NotFound        = "not found"        // no such workload yet; ask again
	InvalidArgument = "invalid argument" // never ask again
)

// Response answers a Request.
type Response struct {
	Error     string     `json:"error,omitempty"`
	Known     bool       `json:"known,omitempty"`
	Endpoints []Endpoint `json:"endpoints,omitempty"`
	Policy    *Policy    `json:"policy,omitempty"`
}

// Endpoint is one place to send a destination's traffic to.
type Endpoint struct {
	// Addr is dialled. For a meshed endpoint it is the peer's inbound proxy.
	Addr netip.AddrPort `json:"addr"`
	// Port is the workload's port behind the peer's proxy; 0 is the
	// destination's.
	Port uint16 `json:"port,omitempty"`
	// Identity is what the peer must prove; "" is a plaintext endpoint.
	Identity string `json:"identity,omitempty"`
	// ServerName is the SNI at which the peer terminates mesh TLS.
	ServerName string `json:"server_name,omitempty"`
	// Opaque turns off protocol detection.
	Opaque bool `json:"opaque,omitempty"`
}

// Policy says who may connect to a workload.
type Policy struct {
	Rule
	// Ports has the ports, in decimal, that differ.
	Ports map[string]Rule `json:"ports,omitempty"`
}

// NoRoutes is a Default that is none of Linkerd's: a Server whose routes match
// nothing. Every HTTP request is answered with 404, from loopback too.
const NoRoutes = "no-routes"

// Rule is the policy of one port.
type Rule struct {
	// Default is one of Linkerd's default policies or NoRoutes; "" is "deny".
	Default string `json:"default,omitempty"`
	// Allow has client identities that are let in whatever Default says.
	Allow []string `json:"allow,omitempty"`
}

// Permits tells whether the rule lets in a client with the given address and
// identity. networks is what cluster-scoped defaults are limited to.
//
// As in the real proxy, the authenticated defaults match identities by their DNS
// suffix, which no SPIFFE ID has: they let none of ours in.
func (r Rule) Permits(client netip.Addr, identity string, networks []netip.Prefix) bool {
	if identity != "" && slices.Contains(r.Allow, identity) {
		return true
	}
	switch r.Default {
	case "all-unauthenticated", "audit":
		return true
	case "cluster-unauthenticated":
		return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(client.Unmap()) })
	}
	return false
}
