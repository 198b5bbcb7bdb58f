// SPDX-License-Identifier: Apache-2.0

// Package metrics keeps counters and gauges and writes them as Prometheus text.
package metrics

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Registry holds samples by metric name and label set. The zero value is ready
// to use. A label set is its text form: `direction="inbound",tls="true"`.
type Registry struct {
	mu       sync.Mutex
	families map[string]map[string]float64
}

// Add adds v to a sample, which starts at 0.
func (r *Registry) Add(name, labels string, v float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.family(name)[labels] += v
}

// Set sets a sample to v.
func (r *Registry) Set(name, labels string, v float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.family(name)[labels] = v
}

func (r *Registry) family(name string) map[string]float64 {
	if r.families == nil {
		r.families = make(map[string]map[string]float64)
	}
	if r.families[name] == nil {
		r.families[name] = make(map[string]float64)
	}
	return r.families[name]
}

// Write writes every sample, sorted. Names that end in _total are counters.
func (r *Registry) Write(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.families)) {
		kind := "gauge"
		if strings.HasSuffix(name, "_total") {
			kind = "counter"
		}
		fmt.Fprintf(&text, "# TYPE %s %s\n", name, kind)
		for _, labels := range slices.Sorted(maps.Keys(r.families[name])) {
			text.WriteString(name)
			if labels != "" {
				text.WriteString("{" + labels + "}")
			}
			text.WriteString(" " + strconv.FormatFloat(r.families[name][labels], 'f', -1, 64) + "\n")
		}
	}
	text.WriteString("# EOF\n")
	_, err := io.WriteString(w, text.String())
	return err
}
