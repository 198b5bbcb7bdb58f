// SPDX-License-Identifier: Apache-2.0

package spiffe

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// field encodes a length-delimited field shorter than 128 bytes.
func field(number byte, value string) string {
	return string([]byte{number<<3 | 2, byte(len(value))}) + value
}

func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "api.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return &Client{Socket: "unix://" + path, Backoff: Backoff{Min: time.Millisecond, Max: time.Millisecond}, Log: slog.New(slog.DiscardHandler)}
}

func send(w http.ResponseWriter, message string) {
	w.Write(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))))
	w.Write([]byte(message))
	w.(http.Flusher).Flush()
}

func TestWatch(t *testing.T) {
	calls := 0
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Workload.spiffe.io") != "true" || r.URL.Path != "/SpiffeWorkloadAPI/FetchX509SVID" {
			t.Errorf("request %s %v", r.URL, r.Header)
		}
		w.Header().Set("Content-Type", "application/grpc")
		calls++
		switch calls {
		case 1: // no entry yet
			w.Header().Set("Grpc-Status", "7")
		case 2: // two rotations, then the agent goes away
			w.Header().Set("Trailer", "Grpc-Status")
			for _, key := range []string{"one", "two"} {
				send(w, "\x18\x01"+field(1, field(1, "spiffe://example.org/web")+field(2, "chain")+field(3, key))+field(2, "crl"))
			}
			w.Header().Set("Grpc-Status", "14")
		case 3: // a final answer
			w.Header().Set("Grpc-Status", "3")
			w.Header().Set("Grpc-Message", "security%20header")
		}
	})
	var keys []string
	err := client.Watch(t.Context(), func(svids []SVID) {
		if len(svids) != 1 || svids[0].ID != "spiffe://example.org/web" || string(svids[0].Chain) != "chain" {
			t.Errorf("svids %q", svids)
			return
		}
		keys = append(keys, string(svids[0].Key))
	})
	var status *StatusError
	if !errors.As(err, &status) || status.Code != codeInvalidArgument || status.Message != "security header" {
		t.Errorf("end of the watch: %v", err)
	}
	if len(keys) != 2 || keys[1] != "two" {
		t.Errorf("keys %q", keys)
	}
}

func TestWatchWithoutSocket(t *testing.T) {
	client := Client{Socket: filepath.Join(t.TempDir(), "none")}
	if err := client.Watch(context.Background(), nil); err == nil {
		t.Error("no error")
	}
}

func TestMalformedMessages(t *testing.T) {
	for _, message := range []string{"\x0a", "\x0a\x05abc", "\x0b", "\x09abc", "\x0a\x02\x0a\x7f"} {
		if svids, err := parseResponse([]byte(message)); err == nil {
			t.Errorf("%q: %q", message, svids)
		}
	}
}
