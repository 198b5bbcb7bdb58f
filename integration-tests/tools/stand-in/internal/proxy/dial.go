// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"meshx.io/stand-in/internal/config"
	"meshx.io/stand-in/internal/identity"
)

// newResolver returns a resolver of the name servers in path. As in the real
// proxy, the file is read once.
func newResolver(path string) (*net.Resolver, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var servers []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) >= 2 && words[0] == "nameserver" {
			servers = append(servers, net.JoinHostPort(words[1], "53"))
		}
	}
	if len(servers) == 0 {
		servers = []string{"127.0.0.1:53"}
	}
	var next atomic.Uint32
	return &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var dialer net.Dialer
			server := servers[int(next.Add(1)-1)%len(servers)]
			return dialer.DialContext(ctx, network, server)
		},
	}, nil
}

// controlDialer returns the Dial of a control.Client.
func controlDialer(service config.ControlAddr, timeout time.Duration, resolver *net.Resolver, id *identity.Store) func(context.Context, func()) (net.Conn, error) {
	return func(ctx context.Context, resolved func()) (net.Conn, error) {
		addrs, err := resolve(ctx, service.Addr, resolver)
		if err != nil {
			return nil, err
		}
		resolved()
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		var errs []error
		for _, addr := range addrs {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if service.Name == "" {
				return conn, nil
			}
			secure := tls.Client(conn, id.Client(service.Name, service.Name))
			if err := secure.HandshakeContext(ctx); err != nil {
				conn.Close()
				errs = append(errs, err)
				continue
			}
			return secure, nil
		}
		return nil, errors.Join(errs...)
	}
}

// resolve asks for SRV records, whose targets begin with the address, as in
// 10-42-0-7.linkerd-dst-headless…, and else for addresses.
func resolve(ctx context.Context, addr config.HostPort, resolver *net.Resolver) ([]string, error) {
	if _, err := netip.ParseAddr(addr.Host); err == nil {
		return []string{addr.String()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	absolute := strings.TrimSuffix(addr.Host, ".") + "."
	var addrs []string
	if _, records, err := resolver.LookupSRV(ctx, "", "", absolute); err == nil {
		for _, record := range records {
			label, _, _ := strings.Cut(record.Target, ".")
			if ip, ok := addrOfLabel(label); ok {
				addrs = append(addrs, netip.AddrPortFrom(ip, record.Port).String())
			}
		}
		if len(addrs) > 0 {
			return addrs, nil
		}
	}
	ips, err := resolver.LookupNetIP(ctx, "ip", absolute)
	for _, ip := range ips {
		addrs = append(addrs, net.JoinHostPort(ip.Unmap().String(), strconv.Itoa(int(addr.Port))))
	}
	return addrs, err
}

// addrOfLabel reads an address with dashes for its dots or colons.
func addrOfLabel(label string) (netip.Addr, bool) {
	for _, separator := range []string{".", ":"} {
		if ip, err := netip.ParseAddr(strings.ReplaceAll(label, "-", separator)); err == nil {
			return ip, true
		}
	}
	return netip.Addr{}, false
}
