// SPDX-License-Identifier: Apache-2.0

// Package spiffe is a client of one call of the SPIFFE Workload API,
// FetchX509SVID. It speaks gRPC with the standard library's HTTP/2.
package spiffe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Codes of gRPC that this package acts on, with their names in the proxy's log.
var codeNames = map[int]string{
	2: "Unknown error", 3: "Client specified an invalid argument", 7: "The caller does not have permission to execute the specified operation",
	12: "Operation is not implemented or not supported", 14: "The service is currently unavailable",
}

const (
	codeOK              = 0
	codeUnknown         = 2
	codeInvalidArgument = 3
	codeUnavailable     = 14
)

// StatusError is the end of a call with a status other than OK.
type StatusError struct {
	Code    int
	Message string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("status: %d, message: %q", e.Code, e.Message)
}

// Backoff is an exponential wait between attempts.
type Backoff struct {
	Min, Max time.Duration
	Jitter   float64
}

// Wait returns how long to wait after the given number of failed attempts.
func (b Backoff) Wait(failures int) time.Duration {
	wait := b.Min
	for range failures - 1 {
		wait = min(wait*2, b.Max)
	}
	return wait + time.Duration(float64(wait)*b.Jitter*rand.Float64())
}

// Client watches the SVIDs that a Workload API issues to this process.
type Client struct {
	Socket  string // path, or unix:path
	Backoff Backoff
	Log     *slog.Logger
}

// Watch calls update with every message until ctx is done.
//
// It returns an error when nothing listens at the socket at the start, and when
// the API calls the request invalid; both are final for the real proxy too.
// Every other failure, later ones of the socket included, is logged and retried.
func (c *Client) Watch(ctx context.Context, update func([]SVID)) error {
	path := strings.TrimPrefix(c.Socket, "unix:")
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("transport error: %w", err)
	}
	conn.Close()

	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		},
	}
	defer transport.CloseIdleConnections()

	for failures := 1; ; failures++ {
		err := fetch(ctx, transport, func(svids []SVID) {
			failures = 0
			update(svids)
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err.Code == codeInvalidArgument {
			return err
		}
		c.Log.Warn("Unexpected SPIRE Workload API response; retrying with a backoff",
			"grpc.status", codeName(err.Code), "grpc.message", err.Message)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(c.Backoff.Wait(max(failures, 1))):
		}
	}
}

func codeName(code int) string {
	if name, ok := codeNames[code]; ok {
		return name
	}
	return "code " + strconv.Itoa(code)
}

// fetch makes one call and returns how its stream ended.
func fetch(ctx context.Context, transport http.RoundTripper, update func([]SVID)) *StatusError {
	// The request is an empty message: no compression, length 0.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/SpiffeWorkloadAPI/FetchX509SVID", bytes.NewReader(make([]byte, 5)))
	if err != nil {
		return &StatusError{codeUnknown, err.Error()}
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("Te", "trailers")
	req.Header.Set("Workload.spiffe.io", "true")
	rsp, err := transport.RoundTrip(req)
	if err != nil {
		return &StatusError{codeUnavailable, err.Error()}
	}
	defer rsp.Body.Close()
	if rsp.StatusCode != http.StatusOK {
		return &StatusError{codeUnavailable, rsp.Status}
	}
	if rsp.Header.Get("Grpc-Status") != "" {
		return status(rsp.Header)
	}
	for {
		var head [5]byte
		if _, err := io.ReadFull(rsp.Body, head[:]); err == io.EOF {
			return status(rsp.Trailer)
		} else if err != nil {
			return &StatusError{codeUnavailable, err.Error()}
		}
		message := make([]byte, binary.BigEndian.Uint32(head[1:]))
		if _, err := io.ReadFull(rsp.Body, message); err != nil {
			return &StatusError{codeUnavailable, err.Error()}
		}
		svids, err := parseResponse(message)
		if err != nil {
			return &StatusError{codeUnknown, err.Error()}
		}
		update(svids)
	}
}

func status(header http.Header) *StatusError {
	code, err := strconv.Atoi(header.Get("Grpc-Status"))
	if err != nil {
		return &StatusError{codeUnknown, "the stream ended without a status"}
	}
	message, err := url.PathUnescape(header.Get("Grpc-Message"))
	if err != nil {
		message = header.Get("Grpc-Message")
	}
	if code == codeOK {
		message = "the stream was closed"
	}
	return &StatusError{code, message}
}
