// SPDX-License-Identifier: Apache-2.0

// Command control-plane is a stand-in for Linkerd's destination and policy
// services, for the stand-in proxy. Its whole state is one JSON file, which it
// reads again at each request; see control.File.
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"meshx.io/stand-in/internal/control"
)

func main() {
	os.Exit(run())
}

func run() int {
	path := flag.String("config", "", "JSON `file` with listeners, certificates, destinations and policies")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	log.Warn("this is the stand-in for Linkerd's control plane: test code, not for use in any mesh")
	if *path == "" || flag.NArg() > 0 {
		flag.Usage()
		return 2
	}
	signal.Ignore(syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	var services sync.WaitGroup
	for _, service := range []struct {
		name   string
		policy bool
	}{{"destination", false}, {"policy", true}} {
		server := &control.Server{Path: *path, Policy: service.policy, Log: log.With("service", service.name)}
		listener, err := server.Listen()
		if err != nil {
			server.Log.Error("cannot listen", "error", err)
			return 1
		}
		server.Log.Info("listening", "addr", listener.Addr())
		services.Go(func() {
			if err := server.Serve(ctx, listener); err != nil {
				server.Log.Error("stopped", "error", err)
				stop()
			}
		})
	}
	services.Wait()
	return 0
}
