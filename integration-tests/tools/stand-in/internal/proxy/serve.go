// SPDX-License-Identifier: Apache-2.0

package proxy

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// poolIdleTimeout is how long the real proxy keeps an idle HTTP/1 connection.
const poolIdleTimeout = 3 * time.Second

// server accepts redirected connections and hands each to handle, which either
// copies it to its end or gives it to the HTTP server with serveHTTP.
type server struct {
	name      string
	log       *slog.Logger
	listeners []*net.TCPListener
	handle    func(ctx context.Context, conn *net.TCPConn, dst netip.AddrPort)
	handler   http.Handler

	http   http.Server
	queue  connQueue
	active sync.WaitGroup // connections outside the HTTP server
}

// connQueue is the listener of an HTTP server that others accept for.
type connQueue struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (q *connQueue) Accept() (net.Conn, error) {
	select {
	case conn := <-q.conns:
		return conn, nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}

func (q *connQueue) Close() error {
	q.once.Do(func() { close(q.closed) })
	return nil
}

func (q *connQueue) Addr() net.Addr { return &net.TCPAddr{} }

// httpConn is a connection with what is known about it.
type httpConn struct {
	net.Conn
	info any
}

type infoKey struct{}

// start accepts connections until stop.
func (s *server) start() {
	s.queue = connQueue{conns: make(chan net.Conn), closed: make(chan struct{})}
	s.http = http.Server{
		Handler:  s.handler,
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, infoKey{}, conn.(*httpConn).info)
		},
	}
	go s.http.Serve(&s.queue)
	for _, listener := range s.listeners {
		s.active.Add(1)
		go func() {
			defer s.active.Done()
			s.accept(listener)
		}()
	}
}

func (s *server) accept(listener *net.TCPListener) {
	for {
		conn, err := listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.log.Warn("Server failed to accept connection", "error", err)
			time.Sleep(10 * time.Millisecond)
			continue
		}
		dst, err := originalDst(conn)
		if err != nil {
			s.log.Warn("Server failed to accept connection", "error", describe(err))
			conn.Close()
			continue
		}
		s.active.Add(1)
		go func() {
			defer s.active.Done()
			s.handle(context.Background(), conn, dst)
		}()
	}
}

// serveHTTP hands conn to the HTTP server. Handlers find info with connInfo.
func (s *server) serveHTTP(conn net.Conn, info any) {
	select {
	case s.queue.conns <- &httpConn{conn, info}:
	case <-s.queue.closed:
		conn.Close()
	}
}

func connInfo[T any](r *http.Request) T { return r.Context().Value(infoKey{}).(T) }

// stop accepts nothing more and waits for what is under way, until ctx is done.
func (s *server) stop(ctx context.Context) error {
	for _, listener := range s.listeners {
		listener.Close()
	}
	if s.queue.closed == nil { // never started
		return nil
	}
	err := s.http.Shutdown(ctx)
	idle := make(chan struct{})
	go func() {
		s.active.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// copyBoth copies between two connections until both directions have ended.
func copyBoth(a, b net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { copyOne(a, b) })
	both.Go(func() { copyOne(b, a) })
	both.Wait()
	a.Close()
	b.Close()
}

func copyOne(dst, src net.Conn) {
	if _, err := io.Copy(dst, src); err != nil {
		dst.Close()
		src.Close()
		return
	}
	closeWrite(dst)
}

// newTransport returns an HTTP client that dials with dial, whatever the
// request's URL says.
func newTransport(dial func(ctx context.Context) (net.Conn, error)) *http.Transport {
	return &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableCompression:  true,
		MaxIdleConnsPerHost: 10_000,
		IdleConnTimeout:     poolIdleTimeout,
	}
}

// proxyError answers a request that the proxy itself has ended.
func proxyError(w http.ResponseWriter, status int, message string) {
	w.Header().Set("L5d-Proxy-Error", message)
	w.Header().Set("L5d-Proxy-Connection", "close")
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
}
