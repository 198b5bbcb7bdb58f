// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// peekSize bounds what detection looks at: a request line or a ClientHello.
const peekSize = 32 << 10

// peekedConn is a connection whose first bytes can be looked at.
type peekedConn struct {
	net.Conn
	r *bufio.Reader
}

func newPeekedConn(conn net.Conn) *peekedConn {
	return &peekedConn{Conn: conn, r: bufio.NewReaderSize(conn, peekSize)}
}

func (c *peekedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// CloseWrite lets a byte copy pass on that one direction has ended.
func (c *peekedConn) CloseWrite() error { return closeWrite(c.Conn) }

func closeWrite(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return conn.Close()
}

// detect lets look see a growing prefix of what the peer sends until it has
// decided, the peer stops, or timeout is over. It returns an error only when
// the connection is of no further use.
func (c *peekedConn) detect(timeout time.Duration, look func(prefix []byte) (decided bool)) error {
	if err := c.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	defer c.SetReadDeadline(time.Time{})
	for n := 1; n <= peekSize; n = c.r.Buffered() + 1 {
		_, err := c.r.Peek(n)
		prefix, _ := c.r.Peek(c.r.Buffered())
		if len(prefix) > 0 && look(prefix) {
			return nil
		}
		var timeoutErr net.Error
		switch {
		case err == nil:
		case errors.As(err, &timeoutErr) && timeoutErr.Timeout():
			return nil
		case errors.Is(err, io.EOF) && len(prefix) > 0:
			return nil
		default:
			return err
		}
	}
	return nil
}

// isHTTP1 tells whether the peer speaks HTTP/1, as far as its first line says.
func (c *peekedConn) isHTTP1(timeout time.Duration) (is bool, err error) {
	err = c.detect(timeout, func(prefix []byte) (decided bool) {
		line, _, complete := bytes.Cut(prefix, []byte("\n"))
		if complete {
			line = bytes.TrimSuffix(line, []byte("\r"))
			is = bytes.HasSuffix(line, []byte(" HTTP/1.1")) || bytes.HasSuffix(line, []byte(" HTTP/1.0"))
			return true
		}
		return !couldBeRequestLine(line)
	})
	return is, err
}

// couldBeRequestLine tells whether line may begin one: a method in capitals,
// then printable bytes.
func couldBeRequestLine(line []byte) bool {
	method, rest, _ := bytes.Cut(line, []byte(" "))
	if len(method) == 0 || len(method) > 32 {
		return false
	}
	for _, b := range method {
		if (b < 'A' || b > 'Z') && b != '-' && b != '_' {
			return false
		}
	}
	for _, b := range rest {
		if b < ' ' && b != '\r' && b != '\t' {
			return false
		}
	}
	return true
}

// serverName returns the SNI of the peer's ClientHello. isTLS is false when the
// peer sends something else.
func (c *peekedConn) serverName(timeout time.Duration) (name string, isTLS bool, err error) {
	err = c.detect(timeout, func(prefix []byte) (decided bool) {
		const handshake = 22
		if prefix[0] != handshake {
			return true
		}
		var seen bool
		name, seen = parseClientHello(prefix)
		isTLS = seen
		return seen
	})
	return name, isTLS, err
}

var errSeen = errors.New("seen")

// parseClientHello has crypto/tls read the beginning of a connection, just far
// enough.
func parseClientHello(prefix []byte) (serverName string, complete bool) {
	config := &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		serverName, complete = hello.ServerName, true
		return nil, errSeen
	}}
	tls.Server(readOnlyConn{Reader: bytes.NewReader(prefix)}, config).Handshake()
	return serverName, complete
}

// readOnlyConn is a connection that has nothing but its input.
type readOnlyConn struct {
	net.Conn // nil: crypto/tls calls nothing else before the hook above
	io.Reader
}

func (c readOnlyConn) Read(p []byte) (int, error)  { return c.Reader.Read(p) }
func (c readOnlyConn) Write(p []byte) (int, error) { return len(p), nil }
func (c readOnlyConn) SetWriteDeadline(time.Time) error {
	return nil
}
