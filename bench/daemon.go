package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long a daemon may take to be ready, and to end.
const patience = 5 * time.Minute

// host is syndic's binary with a configuration and a data directory.
type host struct {
	binary, dir, data, config string
	addr                      string // of the public listener
	url                       string // of the public listener, with a slash at the end
}

// build makes the binary, once a run.
func (b *bench) build(ctx context.Context) error {
	if b.binary != "" {
		return nil
	}
	binary := filepath.Join(b.scratch, "syndic")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/syndic")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build does
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build syndic: %w\n%s", err, out)
	}
	b.binary = binary
	return nil
}

// newHost writes the configuration, with the lines that are given. For feeds,
// it is that of every publisher here.
func (b *bench) newHost(ctx context.Context, lines ...string) (*host, error) {
	if err := b.build(ctx); err != nil {
		return nil, err
	}
	h := &host{binary: b.binary, dir: b.dir, data: filepath.Join(b.dir, "data"), config: filepath.Join(b.dir, "config.yaml")}
	var err error
	if h.addr, err = freeAddress(); err != nil {
		return nil, err
	}
	h.url = "http://" + h.addr + "/"
	text := append([]string{
		"listen: " + h.addr, "admin: {listen: 127.0.0.1:0}", "log: {level: info, format: json}",
		"window: {posts: 50, hours: 0}", `schedule: "` + never + `"`, "content: {iframes: []}",
		`site: {title: Bench, url: "http://127.0.0.1:8080/", authority: bench.example}`,
	}, lines...)
	return h, os.WriteFile(h.config, []byte(strings.Join(text, "\n")+"\n"), 0o600)
}

// freeAddress is a port that nobody listens on now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (h *host) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, h.binary, append([]string{"--config", h.config, "--data", h.data}, args...)...)
	cmd.Env, cmd.Dir = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "TZ=UTC"}, h.dir
	return cmd
}

// run runs a command line to its end, which has to be a good one.
func (h *host) run(ctx context.Context, args ...string) error {
	cmd := h.command(ctx, args...)
	var messages bytes.Buffer
	cmd.Stderr = &messages
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("syndic %s: %w\n%s", strings.Join(args, " "), err, messages.Bytes())
	}
	return nil
}

// process is a daemon that runs.
type process struct {
	cmd   *exec.Cmd
	lines chan string // of its log
	ended chan error
}

// start starts the daemon. Whoever does not read on holds none of its log up.
func (h *host) start(ctx context.Context) (*process, error) {
	p := &process{cmd: h.command(ctx, "serve"), lines: make(chan string, 1_000), ended: make(chan error, 1)}
	log, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		for in := bufio.NewScanner(log); in.Scan(); {
			select {
			case p.lines <- in.Text():
			default:
			}
		}
		_, _ = io.Copy(io.Discard, log) // after a line that is too long
		close(p.lines)
		p.ended <- p.cmd.Wait()
	}()
	return p, nil
}

// serve starts the daemon, waits until it is ready, and tells how long that
// took.
func (h *host) serve(ctx context.Context) (*process, time.Duration, error) {
	start := time.Now()
	p, err := h.start(ctx)
	if err != nil {
		return nil, 0, err
	}
	if err := p.await("ready"); err != nil {
		return nil, 0, errors.Join(err, p.stop())
	}
	return p, time.Since(start), nil
}

// await waits for a line of the log.
func (p *process) await(message string) error {
	var last string
	limit := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				return fmt.Errorf("the daemon ended before it logged %q; its last words: %s", message, last)
			}
			var v struct{ Message string }
			if last = line; json.Unmarshal([]byte(line), &v) == nil && v.Message == message {
				return nil
			}
		case <-limit:
			return fmt.Errorf("the daemon did not log %q in %v", message, patience)
		}
	}
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop asks the process to end and waits until it has.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.ended:
		return err
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("the daemon did not end in %v", patience), p.cmd.Process.Kill())
	}
}
