package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// mostExposed is how exposed the service may be, as systemd-analyze counts: a
// daemon that listens and connects cannot come much below.
const mostExposed = 1.2

// units are copies of the units that run the binary under test.
func units(t *testing.T) (service, socket string) {
	t.Helper()
	dir := t.TempDir()
	h := &host{t: t, dir: dir}
	for _, name := range []string{"syndic.service", "syndic.socket"} {
		text := string(readFile(t, filepath.Join("../../deploy", name)))
		h.write(name, strings.ReplaceAll(text, "/usr/bin/syndic", binary))
	}
	return filepath.Join(dir, "syndic.service"), filepath.Join(dir, "syndic.socket")
}

func analyze(t *testing.T, args ...string) string {
	t.Helper()
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("systemd-analyze is missing: run make tools")
	}
	out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// systemd finds nothing to say about the units; its exit code would be 0 with
// unknown keys, too.
func TestUnitsVerify(t *testing.T) {
	service, socket := units(t)
	if out := analyze(t, "verify", "--man=no", service, socket); out != "" {
		t.Errorf("systemd-analyze verify says:\n%s", out)
	}
}

func TestUnitIsHardlyExposed(t *testing.T) {
	service, _ := units(t)
	out := analyze(t, "security", "--offline=true", "--no-pager", service)
	found := regexp.MustCompile(`Overall exposure level for syndic\.service: ([0-9.]+)`).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("no figure in:\n%s", out)
	}
	if level, err := strconv.ParseFloat(found[1], 64); err != nil || level > mostExposed {
		t.Errorf("exposure %s, want at most %v:\n%s", found[1], mostExposed, out)
	}
}

// The unit never starts again what does not get better by that, and reloads in
// the way that fails visibly.
func TestUnitKnowsTheProgram(t *testing.T) {
	text := string(readFile(t, "../../deploy/syndic.service"))
	for _, want := range []string{
		"\nType=notify\n", "\nExecReload=/usr/bin/syndic reload\n", "\nWatchdogSec=180s\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("syndic.service lacks %q", strings.TrimSpace(want))
		}
	}
	// 2 is what a panic and the watchdog's SIGABRT end a Go program with.
	for code, ends := range map[int]bool{exitFailed: false, exitUsage: false, exitLocked: true, exitNotPermitted: true, exitConfig: true} {
		if regexp.MustCompile(`(?m)^RestartPreventExitStatus=.*\b`+strconv.Itoa(code)+`\b`).MatchString(text) != ends {
			t.Errorf("exit code %d: starts it again %v, want %v", code, ends, !ends)
		}
	}
	if sockets := string(readFile(t, "../../deploy/syndic.socket")); !strings.Contains(sockets, "\nListenStream="+defaultConfig().Listen+"\n") {
		t.Errorf("the socket is not at the default address:\n%s", sockets)
	}
}
