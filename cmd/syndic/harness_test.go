package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should happen at once.
const patience = 20 * time.Second

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "syndic")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "syndic")
	args := []string{"build", "-o", binary, "-ldflags", "-X main.version=1.2.3-test"}
	if raceDetector() {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build syndic: %v\n%s", err, out)
		return 1
	}
	// Some tests run it as another user.
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// raceDetector tells whether the tests were built with -race: then the program
// is, too.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// host is a machine of its own on which syndic runs: a short path, for the
// socket's sake, with a configuration and a data directory.
type host struct {
	t      *testing.T
	dir    string
	data   string
	config string   // file
	addr   string   // of the public listener, the same at every start
	url    string   // of the site, with a slash at the end
	env    []string // of everything that runs here
	uid    uint32   // of everything that runs here; 0 is the test's own
}

// newHost makes a host. The lines of YAML come after listen, admin and
// site.url; a line that begins with two spaces goes on with the site.
func newHost(t *testing.T, lines ...string) *host {
	t.Helper()
	dir, err := os.MkdirTemp("", "syn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, dir: dir, data: filepath.Join(dir, "data"), config: filepath.Join(dir, "config.yaml"), addr: freeAddress(t)}
	h.url = "http://" + h.addr + "/"
	// The race detector would sleep a second at each exit.
	h.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TZ=UTC", "GORACE=atexit_sleep_ms=0"}
	h.configure(lines...)
	return h
}

// asAnother has everything run as a user who is not root, and owns the data.
func (h *host) asAnother() {
	h.t.Helper()
	h.uid = 65534
	if err := errors.Join(os.Mkdir(h.data, 0o700), os.Chown(h.data, int(h.uid), int(h.uid))); err != nil {
		h.t.Fatal(err)
	}
}

// configure writes the configuration anew.
func (h *host) configure(lines ...string) {
	h.t.Helper()
	head := []string{
		"listen: " + h.addr, "admin: {listen: 127.0.0.1:0}", "log: {level: debug, format: json}",
		"site:", "  url: " + h.url, "  authority: journal.example",
	}
	h.write("config.yaml", strings.Join(append(head, lines...), "\n")+"\n")
}

// write makes a file on the host and returns its path.
func (h *host) write(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// freeAddress is a port that nobody listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// result is what a command line came to.
type result struct {
	code int
	out  string
	err  string
}

// command is the program with the host's configuration and data directory.
func (h *host) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, append([]string{"--config", h.config, "--data", h.data}, args...)...)
	cmd.Env, cmd.Dir = h.env, h.dir
	if h.uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: h.uid, Gid: h.uid}}
	}
	return cmd
}

// run runs a command line to its end.
func (h *host) run(args ...string) result {
	h.t.Helper()
	return h.feed("", args...)
}

// feed runs a command line with something to read on standard input.
func (h *host) feed(input string, args ...string) result {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 3*patience)
	defer cancel()
	return h.finish(h.command(ctx, args...), input)
}

func (h *host) finish(cmd *exec.Cmd, input string) result {
	h.t.Helper()
	var out, messages bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &messages
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatalf("run %v: %v", cmd.Args, err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), messages.String()}
}

// must runs a command line that has to end with the exit code, and returns its
// output.
func (h *host) must(code int, args ...string) string {
	h.t.Helper()
	r := h.run(args...)
	if r.code != code {
		h.t.Fatalf("syndic %s: exit %d, want %d\n%s%s", strings.Join(args, " "), r.code, code, r.out, r.err)
	}
	return r.out
}

// decode runs a command line with --format json and decodes what it prints.
func decode[T any](h *host, args ...string) T {
	h.t.Helper()
	var v T
	r := h.run(append([]string{"--format", "json"}, args...)...)
	if r.code != 0 && r.code != exitPartly {
		h.t.Fatalf("syndic %s: exit %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	d := json.NewDecoder(strings.NewReader(r.out))
	if err := d.Decode(&v); err != nil {
		h.t.Fatalf("syndic %s: %v in\n%s", strings.Join(args, " "), err, r.out)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		h.t.Fatalf("syndic %s: more than one JSON value:\n%s", strings.Join(args, " "), r.out)
	}
	return v
}

// process is a daemon that runs.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	log   *journal
	admin string // URL of the admin listener, with a slash at the end
	ended chan struct{}
}

// serve starts the daemon and waits until it is ready.
func (h *host) serve(args ...string) *process {
	h.t.Helper()
	p := h.start(h.command(context.Background(), append([]string{"serve"}, args...)...))
	p.ready()
	return p
}

// start starts a daemon; the end of the test ends it.
func (h *host) start(cmd *exec.Cmd) *process {
	h.t.Helper()
	p := &process{t: h.t, cmd: cmd, log: newJournal(), ended: make(chan struct{})}
	cmd.Stderr = p.log
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	// Signals go to the group: strace, say, passes none on, and must leave
	// nobody behind.
	cmd.SysProcAttr.Setpgid = !cmd.SysProcAttr.Setsid // a session has a group of its own
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // the state says how it ended
		p.log.close()
		close(p.ended)
	}()
	h.t.Cleanup(func() {
		p.kill()
		if h.t.Failed() {
			h.t.Logf("the daemon's log:\n%s", p.log)
		}
	})
	return p
}

// ready waits until the daemon says that it is.
func (p *process) ready() {
	p.t.Helper()
	p.admin, _ = p.await("serving health, metrics and the dashboard")["url"].(string)
	p.await("ready")
}

// await returns the log's first line with the message.
func (p *process) await(message string) map[string]any {
	p.t.Helper()
	line, ok := p.log.find(message)
	if !ok {
		p.t.Fatalf("the daemon never logged %q:\n%s", message, p.log)
	}
	return line
}

// stop sends SIGTERM and returns the exit code; 10 s are the limit.
func (p *process) stop() int {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	return p.wait(10 * time.Second)
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.t.Fatal(err)
	}
}

func (p *process) wait(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		p.t.Fatalf("the daemon did not end in %v:\n%s", limit, p.log)
	}
	return p.cmd.ProcessState.ExitCode()
}

// kill sends SIGKILL and waits for the end.
func (p *process) kill() {
	select {
	case <-p.ended: // its number may be another's by now
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
	<-p.ended
}

// journal is a log that is written to and can be waited for.
type journal struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ended bool
	grown chan struct{} // closed, and made anew, with each write
}

func newJournal() *journal { return &journal{grown: make(chan struct{})} }

// Write appends to the journal.
func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.Write(b)
	close(j.grown)
	j.grown = make(chan struct{})
	return len(b), nil
}

func (j *journal) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
	close(j.grown)
	j.grown = make(chan struct{})
}

// String is all that was written.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// find waits for a line of JSON with the message, and returns the first.
func (j *journal) find(message string) (map[string]any, bool) {
	deadline := time.After(patience)
	for {
		j.mu.Lock()
		text, ended, grown := j.text.String(), j.ended, j.grown
		j.mu.Unlock()
		for line := range strings.Lines(text) {
			var v map[string]any
			if strings.HasSuffix(line, "\n") && json.Unmarshal([]byte(line), &v) == nil && v["message"] == message {
				return v, true
			}
		}
		if ended {
			return nil, false
		}
		select {
		case <-grown:
		case <-deadline:
			return nil, false
		}
	}
}

// eventually waits until ok says yes.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		}
	}
}

// get fetches a URL; the body is read.
func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}
