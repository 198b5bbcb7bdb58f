// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"meshx.io/stand-in/internal/spiffe"
)

func TestClientAndServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mesh.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"destination_listen":"127.0.0.1:0"}`)
	log := slog.New(slog.DiscardHandler)
	server := Server{Path: path, Log: log}
	listener, err := server.Listen()
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(t.Context(), listener)

	client := NewClient(log)
	client.Backoff = spiffe.Backoff{Min: time.Millisecond, Max: time.Millisecond}
	client.Endpoints = func(ready, pending int) {}
	client.Answered = func() {}
	client.Dial = func(ctx context.Context, resolved func()) (net.Conn, error) {
		resolved()
		return (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
	}
	request := Request{Destination: "10.96.0.20:80"}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := client.Call(ctx, request); err == nil {
		t.Error("a call without a connection did not hang")
	}
	go client.Run(t.Context())

	call := func() Response {
		t.Helper()
		response, err := client.Call(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	if got := call(); got.Known {
		t.Errorf("%+v", got)
	}
	write(`{"destinations":{"10.96.0.20:80":{"addr":"192.0.2.11:4143","identity":"spiffe://example.org/web"}}}`)
	if got := call(); len(got.Endpoints) != 1 || got.Endpoints[0].Addr.String() != "192.0.2.11:4143" {
		t.Errorf("%+v", got)
	}
	client.mu.Lock()
	client.session.conn.Close() // the next call needs a new one
	client.mu.Unlock()
	write(`{"destinations":{"10.96.0.20:80":[]}}`)
	if got := call(); !got.Known || len(got.Endpoints) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestWorkloadName(t *testing.T) {
	for text, want := range map[string]string{
		`{"ns":"mixed-env", "external_workload":"web"}`: "mixed-env/web",
		`{"ns":"a","pod":"b"}`:                          "a/b",
		`{"ns":"a","pod":"b","external_workload":"c"}`:  "",
		`{"external_workload":"c"}`:                     "",
		`mixed-env:web`:                                 "",
	} {
		if got, err := workloadName(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}
