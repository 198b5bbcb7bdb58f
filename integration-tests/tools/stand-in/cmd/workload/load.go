// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Bounds of a load, so that a mistake in a test cannot swamp the machine.
const (
	maxRate     = 1000 // requests a second
	maxDuration = 10 * time.Minute
	maxInFlight = 256
)

// summary is what a load prints. A request is failed when it has no answer, or
// one other than 2xx, within its timeout; it is plain when a workload answers
// that it does not know who asked.
type summary struct {
	Sent       int    `json:"sent"`
	OK         int    `json:"ok"`
	Failed     int    `json:"failed"`
	Plain      int    `json:"plain"`
	FirstError string `json:"first_error"`
}

func runLoad(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("workload load", flag.ExitOnError)
	url := flags.String("url", "", "`URL` to get")
	duration := flags.Duration("duration", 10*time.Second, "for how long")
	rate := flags.Int("rate", 50, "requests a second")
	timeout := flags.Duration("timeout", 5*time.Second, "of each request")
	fresh := flags.Bool("fresh", false, "use a new connection for each request")
	flags.Parse(args)
	switch {
	case *url == "" || flags.NArg() > 0:
		return errors.New("load wants -url and no arguments")
	case *rate < 1 || *rate > maxRate:
		return fmt.Errorf("-rate is 1 to %d", maxRate)
	case *duration <= 0 || *duration > maxDuration:
		return fmt.Errorf("-duration is at most %v", maxDuration)
	}
	client := &http.Client{
		Timeout:   *timeout,
		Transport: &http.Transport{DisableKeepAlives: *fresh, MaxIdleConnsPerHost: maxInFlight},
	}
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()
	return json.NewEncoder(out).Encode(load(ctx, *rate, func() (bool, error) { return get(client, *url) }))
}

// load calls request rate times a second until ctx is done, then waits for the
// calls under way.
func load(ctx context.Context, rate int, request func() (plain bool, err error)) summary {
	var (
		total   summary
		mu      sync.Mutex
		calls   sync.WaitGroup
		slots   = make(chan struct{}, maxInFlight)
		ticker  = time.NewTicker(time.Second / time.Duration(rate))
		stopped = ctx.Done()
	)
	defer ticker.Stop()
	for {
		select {
		case <-stopped:
			calls.Wait()
			return total
		case <-ticker.C:
		}
		select {
		case <-stopped:
			continue
		case slots <- struct{}{}:
		}
		mu.Lock()
		total.Sent++
		mu.Unlock()
		calls.Go(func() {
			plain, err := request()
			<-slots
			mu.Lock()
			defer mu.Unlock()
			if plain {
				total.Plain++
			}
			if err == nil {
				total.OK++
				return
			}
			total.Failed++
			if total.FirstError == "" {
				total.FirstError = err.Error()
			}
		})
	}
}

// get says whether the answer is one of a workload that was asked in plaintext.
func get(client *http.Client, url string) (plain bool, err error) {
	response, err := client.Get(url)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return false, err
	}
	var answer struct {
		ClientID *string `json:"client_id"`
	}
	plain = json.Unmarshal(body, &answer) == nil && answer.ClientID != nil && *answer.ClientID == ""
	if response.StatusCode/100 != 2 {
		return plain, fmt.Errorf("%s", response.Status)
	}
	return plain, nil
}
