// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"
)

func TestServer(t *testing.T) {
	t.Setenv("WORKLOAD_NAME", "web")
	server := httptest.NewServer(newHandler())
	defer server.Close()

	request, _ := http.NewRequest(http.MethodGet, server.URL+"/", nil)
	request.Header.Set("l5d-client-id", "spiffe://example.org/api")
	var who about
	decode(t, request, &who)
	if who.Workload != "web" || who.ClientID != "spiffe://example.org/api" || who.PID == 0 {
		t.Errorf("%+v", who)
	}

	request, _ = http.NewRequest(http.MethodGet, server.URL+"/fetch?url="+url.QueryEscape(server.URL+"/healthz"), nil)
	var got fetched
	decode(t, request, &got)
	if got.Status != http.StatusOK || got.Body != "ok\n" {
		t.Errorf("%+v", got)
	}
}

func decode(t *testing.T, request *http.Request, value any) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(value); err != nil {
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var calls atomic.Int32
	total := load(ctx, 100, func() (bool, error) {
		if calls.Add(1) == 1 {
			return false, errors.New("first")
		}
		return true, nil
	})
	if total.Sent == 0 || total.Sent != total.OK+total.Failed || total.Failed != 1 || total.FirstError != "first" {
		t.Errorf("%+v", total)
	}
	if total.Plain != total.OK {
		t.Errorf("%d plain of %d", total.Plain, total.OK)
	}
}

func TestAnAnswerIsPlainWhenItsWorkloadDoesNotKnowWhoAsked(t *testing.T) {
	for body, want := range map[string]bool{
		`{"workload":"api","client_id":""}`:               true,
		`{"workload":"api","client_id":"spiffe://a/web"}`: false,
		`not from a workload`:                             false,
		`{}`:                                              false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, body)
		}))
		plain, err := get(server.Client(), server.URL)
		server.Close()
		if err != nil || plain != want {
			t.Errorf("%s: plain %v, error %v", body, plain, err)
		}
	}
}
