package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// load is what wrk found.
type load struct {
	requests int
	rate     float64 // requests a second
	p50, p99 time.Duration
}

// runWrk has as many threads as there are cores ask for a URL.
func runWrk(ctx context.Context, connections int, lasting time.Duration, args ...string) (load, error) {
	cmd := exec.CommandContext(ctx, "wrk", append([]string{
		"--latency", "--timeout", "10s", fmt.Sprintf("-t%d", min(runtime.NumCPU(), connections)), fmt.Sprintf("-c%d", connections), fmt.Sprintf("-d%ds", lasting/time.Second),
	}, args...)...)
	var out, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &messages
	if err := cmd.Run(); err != nil {
		return load{}, fmt.Errorf("wrk (Debian package wrk): %w\n%s", err, messages.Bytes())
	}
	return parseWrk(out.String())
}

// parseWrk reads what wrk prints with --latency. Failed requests are an error,
// as they are quicker than good ones.
func parseWrk(text string) (l load, err error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 2 && fields[0] == "50%":
			l.p50, err = time.ParseDuration(fields[1])
		case len(fields) == 2 && fields[0] == "99%":
			l.p99, err = time.ParseDuration(fields[1])
		case len(fields) > 3 && fields[1] == "requests" && fields[2] == "in":
			l.requests, err = strconv.Atoi(fields[0])
		case len(fields) == 2 && fields[0] == "Requests/sec:":
			l.rate, err = strconv.ParseFloat(fields[1], 64)
		case strings.HasPrefix(strings.TrimSpace(line), "Socket errors:"), strings.HasPrefix(strings.TrimSpace(line), "Non-2xx"):
			err = errors.New(strings.TrimSpace(line))
		}
		if err != nil {
			return l, fmt.Errorf("read wrk's answer: %w", err)
		}
	}
	if l.requests == 0 || l.rate == 0 || l.p50 == 0 || l.p99 == 0 {
		return l, fmt.Errorf("read wrk's answer: a figure is missing in %q", text)
	}
	return l, nil
}
