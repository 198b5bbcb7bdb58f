// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"
)

// soOriginalDst is SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST of Linux.
const soOriginalDst = 80

// originalDst asks the kernel's connection tracking where conn was going before
// it was redirected. It fails with ENOENT when the connection is not tracked.
func originalDst(conn *net.TCPConn) (netip.AddrPort, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return netip.AddrPort{}, err
	}
	v4 := remoteAddr(conn).Addr().Is4()
	var dst netip.AddrPort
	var getErr error
	err = raw.Control(func(fd uintptr) {
		if v4 {
			dst, getErr = originalDst4(int(fd))
		} else {
			dst, getErr = originalDst6(int(fd))
		}
	})
	if err != nil {
		return netip.AddrPort{}, err
	}
	return dst, getErr
}

// originalDst4 reads a sockaddr_in through the one call of package syscall whose
// result is as large.
func originalDst4(fd int) (netip.AddrPort, error) {
	option, err := syscall.GetsockoptIPv6Mreq(fd, syscall.IPPROTO_IP, soOriginalDst)
	if err != nil {
		return netip.AddrPort{}, err
	}
	b := option.Multiaddr[:]
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:4])), nil
}

// originalDst6 does the same for a sockaddr_in6.
func originalDst6(fd int) (netip.AddrPort, error) {
	option, err := syscall.GetsockoptIPv6MTUInfo(fd, syscall.IPPROTO_IPV6, soOriginalDst)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, option.Addr.Port))
	return netip.AddrPortFrom(netip.AddrFrom16(option.Addr.Addr), port), nil
}

func remoteAddr(conn net.Conn) netip.AddrPort { return addrPort(conn.RemoteAddr()) }

func localAddr(conn net.Conn) netip.AddrPort { return addrPort(conn.LocalAddr()) }

func addrPort(addr net.Addr) netip.AddrPort {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
