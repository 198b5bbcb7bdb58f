// SPDX-License-Identifier: Apache-2.0

// Package logging writes log lines in the two formats of linkerd2-proxy.
package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// off is above every level that is logged.
const off = slog.Level(100)

// New returns a logger that writes to w. format is "json" or anything else for
// plain; filter is a list of directives such as "warn,linkerd=info".
func New(w io.Writer, format, filter string) *slog.Logger {
	return slog.New(&handler{
		mu:    &sync.Mutex{},
		w:     w,
		json:  strings.EqualFold(strings.TrimSpace(format), "json"),
		level: level(filter),
		start: time.Now(),
	})
}

// level is what filter says of the proxy's own targets: the directive for
// "linkerd", or the one that names no target.
func level(filter string) slog.Level {
	level := off
	for _, directive := range strings.Split(filter, ",") {
		target, name, targeted := strings.Cut(strings.TrimSpace(directive), "=")
		if !targeted {
			name = target
		} else if target != "linkerd" {
			continue
		}
		switch strings.ToLower(name) {
		case "trace", "debug":
			level = slog.LevelDebug
		case "info":
			level = slog.LevelInfo
		case "warn":
			level = slog.LevelWarn
		case "error":
			level = slog.LevelError
		case "off":
			level = off
		}
		if targeted {
			return level
		}
	}
	return level
}

type handler struct {
	mu    *sync.Mutex
	w     io.Writer
	json  bool
	level slog.Level
	start time.Time
	attrs []slog.Attr
}

func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// WithGroup is not used by this program.
func (h *handler) WithGroup(string) slog.Handler { return h }

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return &with
}

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	attrs := h.attrs[:len(h.attrs):len(h.attrs)]
	r.Attrs(func(a slog.Attr) bool { attrs = append(attrs, a); return true })

	var line bytes.Buffer
	if h.json {
		fields := map[string]string{"message": r.Message}
		for _, a := range attrs {
			fields[a.Key] = a.Value.String()
		}
		encoder := json.NewEncoder(&line)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(struct {
			Timestamp string            `json:"timestamp"`
			Level     string            `json:"level"`
			Fields    map[string]string `json:"fields"`
			Target    string            `json:"target"`
			Thread    string            `json:"threadId"`
		}{r.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), r.Level.String(), fields, "linkerd_app", "ThreadId(1)"}); err != nil {
			return err
		}
	} else {
		up := r.Time.Sub(h.start)
		fmt.Fprintf(&line, "[%6d.%06ds] %5s ThreadId(01) linkerd_app: %s", up/time.Second, up%time.Second/time.Microsecond, r.Level, r.Message)
		for _, a := range attrs {
			fmt.Fprintf(&line, " %s=%s", a.Key, a.Value)
		}
		line.WriteByte('\n')
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(line.Bytes())
	return err
}
