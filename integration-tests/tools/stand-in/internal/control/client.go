// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"meshx.io/stand-in/internal/spiffe"
)

// Client is the proxy's connection to one control plane service. Calls wait
// while there is none.
type Client struct {
	// Dial resolves the service and connects to it. It calls resolved once it
	// knows an address to try.
	Dial    func(ctx context.Context, resolved func()) (net.Conn, error)
	Backoff spiffe.Backoff
	Log     *slog.Logger
	// Endpoints is told the state of the balancer: at most one endpoint.
	Endpoints func(ready, pending int)
	// Answered is told of each answer.
	Answered func()

	mu      sync.Mutex
	session *session      // nil while there is no connection
	changed chan struct{} // closed when session changes
}

// session is one connection, with the calls that wait for their answers.
type session struct {
	conn    net.Conn
	encoder *json.Encoder
	waiting chan chan<- Response
	closed  chan struct{}
}

// NewClient returns a Client that connects once Run is called.
func NewClient(log *slog.Logger) *Client {
	return &Client{Log: log, changed: make(chan struct{})}
}

// Run connects, again and again, until ctx is done.
func (c *Client) Run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		known := 0
		conn, err := c.Dial(ctx, func() {
			known = 1
			c.Endpoints(0, 1)
		})
		if err == nil {
			failures = 0
			c.Endpoints(1, 0)
			err = c.serve(ctx, conn)
		}
		c.Endpoints(0, known)
		if ctx.Err() != nil {
			return
		}
		failures++
		c.Log.Warn("Failed to connect", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(c.Backoff.Wait(failures)):
		}
	}
}

// serve hands conn to callers and reads their answers until it fails.
func (c *Client) serve(ctx context.Context, conn net.Conn) error {
	s := &session{conn: conn, encoder: json.NewEncoder(conn), waiting: make(chan chan<- Response, 1024), closed: make(chan struct{})}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer c.publish(nil)
	defer conn.Close()
	defer close(s.closed)
	c.publish(s)

	for decoder := json.NewDecoder(conn); ; {
		var response Response
		if err := decoder.Decode(&response); err != nil {
			return err
		}
		select {
		case answer := <-s.waiting:
			c.Answered()
			answer <- response
		default:
			return errors.New("an answer to no question")
		}
	}
}

func (c *Client) publish(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = s
	close(c.changed)
	c.changed = make(chan struct{})
}

// Connected tells whether there is a connection.
func (c *Client) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session != nil
}

// Wait returns once there is a connection.
func (c *Client) Wait(ctx context.Context) error {
	for {
		c.mu.Lock()
		connected, changed := c.session != nil, c.changed
		c.mu.Unlock()
		if connected {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Call sends request as soon as there is a connection and returns the answer.
// A connection lost meanwhile makes it start over.
func (c *Client) Call(ctx context.Context, request Request) (Response, error) {
	for {
		if err := c.Wait(ctx); err != nil {
			return Response{}, err
		}
		s, answer := c.send(request)
		if s == nil {
			continue
		}
		select {
		case response := <-answer:
			return response, nil
		case <-s.closed:
		case <-ctx.Done():
			return Response{}, ctx.Err()
		}
	}
}

func (c *Client) send(request Request) (*session, <-chan Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.session
	if s == nil {
		return nil, nil
	}
	answer := make(chan Response, 1)
	select {
	case s.waiting <- answer:
	default: // a service that has stopped answering
		s.conn.Close()
		return s, answer
	}
	if err := s.encoder.Encode(request); err != nil {
		s.conn.Close()
	}
	return s, answer
}
