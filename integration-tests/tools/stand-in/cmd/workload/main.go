// SPDX-License-Identifier: Apache-2.0

// Command workload is the process that tests put into the mesh. It serves HTTP
// and says who it is and who called it:
//
//	workload [-listen ADDR]
//
// As `workload load` it is a client that makes requests at a steady rate and
// prints how they went.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == "load" {
		err = runLoad(ctx, os.Args[2:], os.Stdout)
	} else {
		err = runServer(ctx, os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "workload:", err)
		os.Exit(1)
	}
}

// gracePeriod bounds how long requests under way may take after SIGTERM.
const gracePeriod = 10 * time.Second

func runServer(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("workload", flag.ExitOnError)
	listen := flags.String("listen", ":8000", "`address` to serve HTTP on")
	flags.Parse(args)
	if flags.NArg() > 0 {
		return fmt.Errorf("what is %q?", flags.Arg(0))
	}
	server := &http.Server{Addr: *listen, Handler: newHandler()}
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.Background(), gracePeriod)
		defer cancel()
		stopped <- server.Shutdown(ctx)
	})
	log.Printf("serving on %s", *listen)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// about is the answer to GET /.
type about struct {
	Workload  string `json:"workload"`
	Namespace string `json:"namespace"`
	Node      string `json:"node"`
	UID       int    `json:"uid"`
	PID       int    `json:"pid"`
	ClientID  string `json:"client_id"`
}

func newHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, about{
			Workload:  os.Getenv("WORKLOAD_NAME"),
			Namespace: os.Getenv("WORKLOAD_NAMESPACE"),
			Node:      os.Getenv("NODE_NAME"),
			UID:       os.Getuid(),
			PID:       os.Getpid(),
			ClientID:  r.Header.Get("L5d-Client-Id"),
		})
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /fetch", fetch)
	return mux
}

// fetched is the answer to GET /fetch.
type fetched struct {
	Status int    `json:"status,omitempty"`
	Body   string `json:"body,omitempty"`
	Error  string `json:"error,omitempty"`
}

// maxBody bounds what /fetch passes on.
const maxBody = 1 << 20

// fetch makes a request on a connection of its own.
func fetch(w http.ResponseWriter, r *http.Request) {
	client := http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true},
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.URL.Query().Get("url"), nil)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, fetched{Error: err.Error()})
		return
	}
	response, err := client.Do(request)
	if err != nil {
		writeJSON(w, http.StatusBadGateway, fetched{Error: err.Error()})
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		writeJSON(w, http.StatusBadGateway, fetched{Status: response.StatusCode, Error: err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, fetched{Status: response.StatusCode, Body: string(body)})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Print(err)
	}
}
