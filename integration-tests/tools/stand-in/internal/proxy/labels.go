// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"fmt"
	"net/netip"

	"meshx.io/stand-in/internal/control"
)

// Reasons for plaintext, as the real proxy labels them.
const (
	noTLSFromRemote = `tls="no_identity",no_tls_reason="no_tls_from_remote"`
	portSkipped     = `tls="no_identity",no_tls_reason="port_skipped"`
	loopback        = `tls="no_identity",no_tls_reason="loopback"`
	notProvided     = `tls="no_identity",no_tls_reason="not_provided_by_service_discovery"`
)

func targetLabels(addr netip.AddrPort) string {
	return fmt.Sprintf("target_addr=%q,target_ip=%q,target_port=\"%d\"", addr, addr.Addr(), addr.Port())
}

func establishedLabels(clientID string) string {
	return fmt.Sprintf(`tls="true",client_id=%q`, clientID)
}

func passedThroughLabels(serverName string) string {
	return fmt.Sprintf(`tls="opaque",sni=%q`, serverName)
}

func endpointLabels(e control.Endpoint, local bool) string {
	tls := notProvided
	switch {
	case local:
		tls = loopback
	case e.Identity != "":
		tls = fmt.Sprintf(`tls="true",server_id=%q`, e.Identity)
	}
	return targetLabels(e.Addr) + "," + tls
}

func serverLabels(policy string, port uint16) string {
	return fmt.Sprintf(`srv_group="",srv_kind="default",srv_name=%q,srv_port="%d"`, policy, port)
}

func authorizationLabels(policy string) string {
	return fmt.Sprintf(`route_group="",route_kind="default",route_name="default",authz_group="",authz_kind="default",authz_name=%q`, policy)
}

func classification(status int) string {
	class := "success"
	if status >= 500 {
		class = "failure"
	}
	return fmt.Sprintf(`status_code="%d",classification=%q,grpc_status="",error=""`, status, class)
}
