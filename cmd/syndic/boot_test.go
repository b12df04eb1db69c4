package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The units do what they say under systemd itself, booted as PID 1 of a machine
// that shares nothing with this one but /usr.
func TestSoakSystemd(t *testing.T) {
	if fromEnvironment(t, "SYNDIC_SOAK", 0) == 0 {
		t.Log("make soak boots systemd, which needs more rights than a test should have")
		return
	}
	exchange := boot(t)
	said := string(readFile(t, filepath.Join(exchange, "said")))
	for _, want := range []string{
		`start: 0`, `status: serving http://127\.0\.0\.1:8080/: 3 feeds, 0 categories`, `seccomp: Seccomp:\s+2`,
		`good reload: 0`, `bad reload: 1`,
		`status: serving .*; last error at .*: the configuration was not reloaded: nothing has changed: /etc/syndic/config\.yaml:\d+:\d+: site\.titel: unknown key.*`,
		`state: active`, `reload: 0`, `restart: 0`, `reload: 0`, `restart: 0`, `reload: 0`, `restart: 0`,
		`idle: 0 restarts`, `hanging: 1 restarts`, `status: serving .*`, `stop: 0`,
	} {
		line, rest, _ := strings.Cut(said, "\n")
		if said = rest; !regexp.MustCompile("^" + want + "$").MatchString(line) {
			t.Errorf("got  %s\nwant %s", line, want)
		}
	}
	wrk := string(readFile(t, filepath.Join(exchange, "wrk.log")))
	if t.Log(wrk); strings.Contains(wrk, "Socket errors") || strings.Contains(wrk, "Non-2xx") || !strings.Contains(wrk, " requests in ") {
		t.Error("a request was lost")
	}
	if t.Failed() {
		for _, name := range []string{"boot.log", "journal"} {
			t.Logf("%s:\n%s", name, readFile(t, filepath.Join(exchange, name)))
		}
	}
}

// boot runs the machine to its end, and returns the folder that it wrote to.
func boot(t *testing.T) (exchange string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "syn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h := &host{t: t, dir: dir}
	h.machine()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	script, err := filepath.Abs("testdata/systemd/boot.sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc", "--cgroup", "--net", "sh", script, dir)
	out, err := cmd.CombinedOutput()
	exchange = filepath.Join(dir, "exchange")
	if _, missing := os.Stat(filepath.Join(exchange, "journal")); missing != nil {
		log, _ := os.ReadFile(filepath.Join(exchange, "boot.log")) // as far as it came
		t.Fatalf("systemd did not boot (it needs root with all capabilities): %v\n%s\n%s", err, out, log)
	}
	return exchange
}

// machine writes the files of a machine with the units and little else. The
// race detector's memory is not what the unit allows: the program is built
// without.
func (h *host) machine() {
	h.t.Helper()
	for _, dir := range []string{"exchange", "opt"} {
		if err := os.Mkdir(filepath.Join(h.dir, dir), 0o755); err != nil {
			h.t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", filepath.Join(h.dir, "opt", "syndic"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		h.t.Fatalf("build: %v\n%s", err, out)
	}
	for _, name := range []string{"syndic.service", "syndic.socket"} {
		text := string(readFile(h.t, filepath.Join("../../deploy", name)))
		text = strings.ReplaceAll(text, "/usr/bin/syndic", "/opt/syndic")
		h.write("etc/systemd/system/"+name, strings.Replace(text, "WatchdogSec=180s", "WatchdogSec=65s", 1))
	}
	h.write("exchange/probe.sh", string(readFile(h.t, "testdata/systemd/probe.sh")))
	h.write("etc/systemd/system/probe.service", "[Service]\nType=oneshot\nExecStart=/bin/sh /run/exchange/probe.sh\n")
	h.write("etc/systemd/system/default.target", "[Unit]\nRequires=syndic.socket\nWants=probe.service\n")
	h.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nsyndic:x:990:990::/var/lib/syndic:/usr/sbin/nologin\nnobody:x:65534:65534::/:/usr/sbin/nologin\n")
	h.write("etc/group", "root:x:0:\nsyndic:x:990:\nnogroup:x:65534:\n")
	h.write("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
	h.write("etc/machine-id", strings.Repeat("1", 32)+"\n")
	h.write("etc/fstab", "")
	h.write("etc/syndic/config.yaml", "listen: fd\nadmin: {listen: \"\"}\nschedule: \"@change\"\nsite: {title: One}\n")
	// What a machine without hardware does not need.
	for _, unit := range []string{
		"dev-hugepages.mount", "dev-mqueue.mount", "kmod-static-nodes.service", "ldconfig.service", "network-online.target",
		"sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "systemd-firstboot.service",
		"systemd-hwdb-update.service", "systemd-journal-catalog-update.service", "systemd-modules-load.service",
		"systemd-random-seed.service", "systemd-remount-fs.service", "systemd-sysctl.service", "systemd-sysusers.service",
		"systemd-tmpfiles-setup-dev.service", "systemd-tmpfiles-setup.service", "systemd-udev-trigger.service",
		"systemd-udevd.service", "systemd-update-done.service",
	} {
		if err := os.Symlink("/dev/null", filepath.Join(h.dir, "etc/systemd/system", unit)); err != nil && !errors.Is(err, os.ErrExist) {
			h.t.Fatal(err)
		}
	}
}
