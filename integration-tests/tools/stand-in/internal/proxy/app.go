// SPDX-License-Identifier: Apache-2.0

// Package proxy plays linkerd2-proxy: it intercepts the connections of a
// workload, carries them between its likes over mutual TLS with SPIFFE
// identities, and fails where the real proxy fails.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"meshx.io/stand-in/internal/config"
	"meshx.io/stand-in/internal/control"
	"meshx.io/stand-in/internal/identity"
	"meshx.io/stand-in/internal/metrics"
	"meshx.io/stand-in/internal/spiffe"
)

// Exit codes of the real proxy.
const (
	ExitFailure = 1
	ExitUsage   = 64
	ExitPanic   = 101
)

// BuildInfo is what the proxy says about itself in its log and metrics.
var BuildInfo = struct{ Profile, Version, GitSHA, Vendor, Date string }{
	"release", "2.366.0", "stand-in", "meshx-stand-in", "1970-01-01T00:00:00Z",
}

// App is a proxy.
type App struct {
	config   *config.Config
	log      *slog.Logger
	stderr   io.Writer
	metrics  metrics.Registry
	identity *identity.Store
	latch    atomic.Bool // what /ready says; never reset
	shutdown chan struct{}
	once     sync.Once

	inbound     *inbound
	outbound    *outbound
	admin       *net.TCPListener
	policy      inboundPolicy
	destination *control.Client
	policies    *control.Client
}

// exit is an error with an exit code, which the real proxy prints as it is.
type exit struct {
	code int
	text string
}

func (e exit) Error() string { return e.text }

// ExitCode returns the code of an error from New.
func ExitCode(err error) int {
	var e exit
	if errors.As(err, &e) {
		return e.code
	}
	return ExitFailure
}

func panicked(thread, where, message string) string {
	return fmt.Sprintf("\nthread '%s' (%d) panicked at %s:\n%s\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace", thread, os.Getpid(), where, message)
}

// New binds the listeners: the kernel queues connections from now on, but
// nobody takes them before there is a certificate.
func New(c *config.Config, logger *slog.Logger, stderr io.Writer) (*App, error) {
	a := &App{config: c, log: logger, stderr: stderr, shutdown: make(chan struct{})}
	resolver, err := newResolver("/etc/resolv.conf")
	if err != nil {
		return nil, exit{ExitPanic, panicked("main", "linkerd/app/core/src/dns.rs:43:14", "system DNS config must be valid: "+err.Error())}
	}
	if a.identity, err = identity.NewStore(c.ServerID, c.TrustAnchors); err != nil {
		return nil, exit{ExitFailure, "Initialization failure: " + err.Error()}
	}
	inboundListener, err := listen(c.InboundListen)
	if err != nil {
		return nil, exit{ExitPanic, panicked("main", "linkerd/app/src/lib.rs:255:14", "Failed to bind inbound listener: "+describe(err))}
	}
	var outboundListeners []*net.TCPListener
	for _, addr := range c.OutboundListen {
		listener, err := listen(addr)
		if err != nil {
			return nil, exit{ExitPanic, panicked("main", "linkerd/app/src/lib.rs:267:14", "Failed to bind outbound listener: "+describe(err))}
		}
		outboundListeners = append(outboundListeners, listener)
	}
	if a.admin, err = listen(c.AdminListen); err != nil {
		return nil, exit{ExitFailure, "Initialization failure: " + describe(err)}
	}

	a.policy = inboundPolicy{config: c, log: logger}
	a.destination = a.controlClient("destination", c.Destination, resolver)
	a.policies = a.controlClient("policy", c.Policy, resolver)
	a.inbound = newInbound(c, logger, a.identity, &a.policy, &a.metrics, inboundListener)
	a.outbound = newOutbound(c, logger, a.identity, a.destination, a.policies, &a.metrics, outboundListeners)
	a.initMetrics()
	return a, nil
}

func listen(addr netip.AddrPort) (*net.TCPListener, error) {
	network := "tcp"
	if addr.Addr().Is4() {
		network = "tcp4"
	}
	return net.ListenTCP(network, net.TCPAddrFromAddrPort(addr))
}

// describe gives an error of the system the wording of the real proxy.
func describe(err error) string {
	var code syscall.Errno
	if !errors.As(err, &code) {
		return err.Error()
	}
	text := code.Error()
	return fmt.Sprintf("%s (os error %d)", strings.ToUpper(text[:1])+text[1:], int(code))
}

func (a *App) controlClient(name string, service config.ControlAddr, resolver *net.Resolver) *control.Client {
	timeout, backoff := a.config.OutboundConnectTimeout, a.config.OutboundBackoff
	if service.Addr.Loopback() {
		timeout, backoff = a.config.InboundConnectTimeout, a.config.InboundBackoff
	}
	client := control.NewClient(a.log.With("controller.addr", service.Addr.String()))
	client.Dial = controlDialer(service, timeout, resolver, a.identity)
	client.Backoff = backoff
	client.Endpoints = func(ready, pending int) {
		for state, n := range map[string]int{"ready": ready, "pending": pending} {
			a.metrics.Set("control_"+name+"_balancer_endpoints", fmt.Sprintf("endpoint_state=%q,addr=%q", state, service.Addr), float64(n))
		}
	}
	client.Answered = func() {
		a.metrics.Add("control_response_latency_ms_count", fmt.Sprintf("addr=%q,status_code=\"200\"", service.Addr), 1)
	}
	return client
}

func (a *App) initMetrics() {
	b := BuildInfo
	a.metrics.Set("proxy_build_info", fmt.Sprintf("date=%q,git_sha=%q,profile=%q,vendor=%q,version=%q", b.Date, b.GitSHA, b.Profile, b.Vendor, b.Version), 1)
	a.metrics.Set("process_start_time_seconds", "", float64(time.Now().UnixMilli())/1000)
	a.metrics.Set("control_identity_cert_expiration_timestamp_seconds", "", 0)
	a.metrics.Set("control_identity_cert_refresh_timestamp_seconds", "", 0)
	a.metrics.Add("control_identity_cert_refreshes_total", `result="ok"`, 0)
	a.metrics.Add("control_identity_cert_refreshes_total", `result="error"`, 0)
}

// Run serves until ctx is done or the admin port asks for the end, then waits
// for what is under way, for as long as the grace period.
func (a *App) Run(ctx context.Context) {
	a.log.Info("Admin interface on " + a.admin.Addr().String())
	a.log.Info("Inbound interface on " + a.config.InboundListen.String())
	for _, addr := range a.config.OutboundListen {
		a.log.Info("Outbound interface on " + addr.String())
	}
	a.log.Info("Tap DISABLED")
	a.log.Info("SNI is " + a.config.ServerName)
	a.log.Info("Local identity is " + a.config.ServerID)
	if d := a.config.Destination; d.Name == "" {
		a.log.Info("Destinations resolved via " + d.Addr.String())
	} else {
		a.log.Info("Destinations resolved via " + d.Addr.String() + " (" + d.Name + ")")
	}

	adminServer := http.Server{
		Handler: &admin{
			config: a.config, policy: &a.policy, metrics: &a.metrics, ready: a.latch.Load,
			shutdown: func() { a.once.Do(func() { close(a.shutdown) }) },
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go adminServer.Serve(a.admin)

	background, cancel := context.WithCancel(context.Background())
	defer cancel()
	go a.certify(background)
	awaiting, stopAwaiting := context.WithCancel(context.Background())
	var started sync.WaitGroup
	started.Go(func() {
		if !a.awaitIdentity(awaiting) {
			return
		}
		go a.destination.Run(background)
		go a.policies.Run(background)
		go a.policy.watch(background, a.policies)
		a.outbound.server.start()
		a.inbound.server.start()
	})

	select {
	case <-ctx.Done():
		a.log.Info("Received shutdown signal")
	case <-a.shutdown:
		a.log.Info("Received shutdown via admin interface")
	}
	stopAwaiting()
	started.Wait()
	a.drain()
}

func (a *App) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), a.config.ShutdownGracePeriod)
	defer cancel()
	var both sync.WaitGroup
	var late atomic.Bool
	for _, s := range []*server{a.inbound.server, a.outbound.server} {
		both.Go(func() {
			if err := s.stop(ctx); err != nil {
				late.Store(true)
			}
		})
	}
	both.Wait()
	if late.Load() {
		a.log.Warn("Graceful shutdown did not complete in " + a.config.ShutdownGracePeriod.String() + ", terminating now")
	} else {
		a.log.Debug("Shutdown completed gracefully")
	}
}

// awaitIdentity returns true once there is a certificate, and false when ctx is
// done before.
func (a *App) awaitIdentity(ctx context.Context) bool {
	for warn := time.NewTicker(15 * time.Second); ; {
		select {
		case <-a.identity.Ready():
			return true
		case <-ctx.Done():
			return false
		case <-warn.C:
			if a.latch.Load() { // the task that warns has died as well
				warn.Stop()
				continue
			}
			a.log.Warn("Waiting for identity to be initialized...")
		}
	}
}

// certify follows the Workload API. A call that cannot be made at all, or may
// not be repeated, takes down the real proxy's identity task but not the
// process: /ready turns 200, and nothing is ever accepted.
func (a *App) certify(ctx context.Context) {
	client := spiffe.Client{Socket: a.config.Socket, Backoff: a.config.SpireBackoff, Log: a.log}
	updated := false
	err := client.Watch(ctx, func(svids []spiffe.SVID) {
		updated = true
		a.update(svids)
	})
	if ctx.Err() != nil {
		return
	}
	if updated {
		a.log.Debug("SVID watch closed; terminating", "error", err)
		return
	}
	fmt.Fprintln(a.stderr, panicked("admin", "linkerd/proxy/spire-client/src/lib.rs:35:14", fmt.Sprintf("spire client must gracefully handle errors: %v", err)))
	fmt.Fprintln(a.stderr, panicked("main", "linkerd/app/src/identity.rs:166:41", "identity sender must be held: RecvError(())"))
	a.latch.Store(true)
}

func (a *App) update(svids []spiffe.SVID) {
	const refreshes = "control_identity_cert_refreshes_total"
	svid, err := a.identity.Select(svids)
	if err != nil {
		a.log.Error("Error processing SVID update", "error", err)
		return
	}
	expires, err := a.identity.Set(svid)
	if err != nil {
		a.log.Error("Error processing SVID update", "error", err)
		a.metrics.Add(refreshes, `result="error"`, 1)
		return
	}
	a.metrics.Add(refreshes, `result="ok"`, 1)
	a.metrics.Set("control_identity_cert_refresh_timestamp_seconds", "", float64(time.Now().UnixMilli())/1000)
	a.metrics.Set("control_identity_cert_expiration_timestamp_seconds", "", float64(expires.Unix()))
	if a.latch.CompareAndSwap(false, true) {
		a.log.Info("Certified identity", "id", a.config.ServerID)
	} else {
		a.log.Debug("Certified identity", "id", a.config.ServerID)
	}
}
