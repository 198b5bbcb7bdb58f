// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"
)

// pipe returns a detected connection and writes the parts to its other end.
func pipe(t *testing.T, parts ...string) *peekedConn {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	go func() {
		for _, part := range parts {
			io.WriteString(far, part)
		}
	}()
	return newPeekedConn(near)
}

func TestDetectHTTP(t *testing.T) {
	for _, test := range []struct {
		parts []string
		want  bool
	}{
		{[]string{"GET / HTTP/1.1\r\nHost: a\r\n\r\n"}, true},
		{[]string{"GE", "T /a b", " HTTP/1.0\n"}, true},
		{[]string{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, false},
		{[]string{"SSH-2.0-OpenSSH\r\n"}, false},
		{[]string{"\x16\x03\x01\x00\x05hello"}, false},
		{[]string{"HELLO"}, false}, // undecided until the timeout
	} {
		conn := pipe(t, test.parts...)
		got, err := conn.isHTTP1(50 * time.Millisecond)
		if err != nil || got != test.want {
			t.Errorf("%q: %v, %v", test.parts, got, err)
		}
		first := make([]byte, len(test.parts[0]))
		if _, err := io.ReadFull(conn, first); err != nil || string(first) != test.parts[0] {
			t.Errorf("%q: then read %q, %v", test.parts, first, err)
		}
	}
}

func TestDetectServerName(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	go tls.Client(far, &tls.Config{ServerName: "web.example.org", InsecureSkipVerify: true}).Handshake()
	name, isTLS, err := newPeekedConn(near).serverName(time.Second)
	if name != "web.example.org" || !isTLS || err != nil {
		t.Errorf("%q, %v, %v", name, isTLS, err)
	}
	if name, isTLS, err := pipe(t, "GET / HTTP/1.1\r\n").serverName(time.Second); name != "" || isTLS || err != nil {
		t.Errorf("%q, %v, %v", name, isTLS, err)
	}
}

func TestDetectEndOfStream(t *testing.T) {
	near, far := net.Pipe()
	far.Close()
	if _, err := newPeekedConn(near).isHTTP1(time.Second); err == nil {
		t.Error("no error for a connection that closed without a byte")
	}
}
