// SPDX-License-Identifier: Apache-2.0

// Command linkerd2-proxy is a stand-in for the real linkerd2-proxy, for tests
// on machines that do not have it. It reads the same environment, makes the same
// mistakes visible in the same way, and speaks only to its like. It ships in no
// package.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"meshx.io/stand-in/internal/config"
	"meshx.io/stand-in/internal/logging"
	"meshx.io/stand-in/internal/proxy"
)

const notice = "This is the stand-in for linkerd2-proxy: test code, not for use in any mesh"

func main() {
	os.Exit(run())
}

func run() int {
	format := os.Getenv("LINKERD2_PROXY_LOG_FORMAT")
	filter, ok := os.LookupEnv("LINKERD2_PROXY_LOG")
	if !ok {
		filter = "warn,linkerd=info"
	}
	logging.New(os.Stdout, format, "info").Warn(notice) // whatever the filter
	log := logging.New(os.Stdout, format, filter)
	b := proxy.BuildInfo
	log.Info(fmt.Sprintf("%s %s (%s) by %s on %s", b.Profile, b.Version, b.GitSHA, b.Vendor, b.Date))

	c, err := config.Load(os.LookupEnv, log)
	if err != nil {
		fmt.Fprintf(os.Stderr, "Invalid configuration: %v\n", err)
		return proxy.ExitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	app, err := proxy.New(c, log, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return proxy.ExitCode(err)
	}
	app.Run(ctx)
	return 0
}
