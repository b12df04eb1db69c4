package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// runTool runs a program to its end and returns what it wrote.
func runTool(t *testing.T, env []string, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustRun(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	out, err := runTool(t, env, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// packages builds the package and the archive, and returns their directory.
func packages(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat("../../.tools/nfpm"); err != nil {
		t.Fatal("nfpm is missing: run make tools")
	}
	dir := t.TempDir()
	mustRun(t, []string{"VERSION=1.0.0"}, "../../deploy/package", dir)
	return dir
}

// machine is a small Debian in a folder.
type machine struct {
	t    *testing.T
	root string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("packages are installed into a folder by root alone: run the tests as root")
	}
	source := "../../.tools/root"
	if _, err := os.Stat(source + "/.complete"); err != nil {
		t.Fatal("the small Debian is missing: run make tools")
	}
	dir, err := os.MkdirTemp("", "syndic-root")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m := &machine{t, filepath.Join(dir, "root")}
	mustRun(t, nil, "cp", "-a", source, m.root)
	m.put("usr/bin/systemctl", "#!/bin/sh\necho \"$@\" >>/tmp/asked\n")
	m.put("run/systemd/system/here", "")
	return m
}

func (m *machine) put(name, text string) {
	m.t.Helper()
	err := os.MkdirAll(filepath.Dir(m.path(name)), 0o755)
	if err = errors.Join(err, os.WriteFile(m.path(name), []byte(text), 0o755)); err != nil {
		m.t.Fatal(err)
	}
}

// asked fails the test unless that is what systemd has been asked since the
// last time. It is not there: one who writes it down takes its place.
func (m *machine) asked(when string, want ...string) {
	m.t.Helper()
	if got := strings.Split(strings.TrimSpace(m.read("tmp/asked")), "\n"); !slices.Equal(got, want) {
		m.t.Errorf("%s systemd was asked %q, want %q", when, got, want)
	}
	m.put("tmp/asked", "")
}

func (m *machine) dpkg(args ...string) (string, error) {
	m.t.Helper()
	args = append([]string{"--root=" + m.root, "--log=/dev/null", "--force-confdef", "--force-confold", "--force-unsafe-io"}, args...)
	return runTool(m.t, []string{"DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"}, "dpkg", args...)
}

func (m *machine) must(args ...string) string {
	m.t.Helper()
	out, err := m.dpkg(args...)
	if err != nil {
		m.t.Fatalf("dpkg %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// syndic runs the installed program as the service's user.
func (m *machine) syndic(args ...string) string {
	m.t.Helper()
	return mustRun(m.t, nil, "chroot", append([]string{"--userspec=syndic:syndic", m.root, "env", "HOME=/var/lib/syndic", "syndic"}, args...)...)
}

// asks tells whether debconf knows what to ask at a purge.
func (m *machine) asks() bool {
	m.t.Helper()
	return strings.Contains(m.read("var/cache/debconf/templates.dat"), "Name: syndic/remove-data\n")
}

func (m *machine) path(name string) string { return filepath.Join(m.root, name) }

func (m *machine) read(name string) string {
	m.t.Helper()
	return string(readFile(m.t, m.path(name)))
}

func (m *machine) has(name string) bool {
	_, err := os.Lstat(m.path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.t.Fatal(err)
	}
	return err == nil
}

// publish does what the service would have done: it has a post.
func (m *machine) publish() {
	m.t.Helper()
	mustRun(m.t, nil, "chroot", m.root, "install", "-d", "-o", "syndic", "-g", "syndic", "-m", "700", "/var/lib/syndic")
	m.put("tmp/kept.md", "# Kept\n\ntext\n")
	m.syndic("post", "add", "/tmp/kept.md")
	if out, err := runTool(m.t, nil, "chroot", m.root, "env", "HOME=/root", "syndic", "post", "list"); err == nil || !strings.Contains(out, "run as syndic") {
		m.t.Errorf("root is not told whose data it is: %v\n%s", err, out)
	}
}

const (
	configFile = "etc/syndic/config.yaml"
	database   = "var/lib/syndic/syndic.db"
)

// kept fails the test unless the post and the user's configuration are there.
func (m *machine) kept(when string) {
	m.t.Helper()
	if !strings.Contains(m.read(configFile), "title: Mine") {
		m.t.Errorf("%s: the configuration is lost", when)
	}
	if m.has("usr/bin/syndic") && !strings.Contains(m.syndic("post", "list"), "kept") || !m.has(database) {
		m.t.Errorf("%s: the post is lost", when)
	}
}

// variant packs the package again under a later version, changed.
func variant(t *testing.T, dir, version string, change func(tree string)) string {
	t.Helper()
	tree := filepath.Join(t.TempDir(), "tree")
	mustRun(t, nil, "dpkg-deb", "-R", filepath.Join(dir, "syndic_1.0.0_"+debianArch(t)+".deb"), tree)
	replaceIn(t, filepath.Join(tree, "DEBIAN/control"), "Version: 1.0.0", "Version: "+version)
	replaceIn(t, filepath.Join(tree, "etc/syndic/config.yaml"), "# Every key", "# Of "+version+". Every key")
	if change != nil {
		change(tree)
	}
	file := filepath.Join(dir, "syndic_"+version+".deb")
	mustRun(t, nil, "dpkg-deb", "-Znone", "--root-owner-group", "-b", tree, file)
	return file
}

func debianArch(t *testing.T) string {
	return strings.TrimSpace(mustRun(t, nil, "go", "env", "GOARCH"))
}

func replaceIn(t *testing.T, file, old, now string) {
	t.Helper()
	text := readFile(t, file)
	info, err := os.Stat(file)
	if err == nil && !bytes.Contains(text, []byte(old)) {
		err = errors.New("it is not there: " + old)
	}
	if err == nil {
		err = os.WriteFile(file, bytes.Replace(text, []byte(old), []byte(now), 1), info.Mode())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The whole life of a package on a machine: nothing is lost on the way that its
// user has not asked to be removed.
func TestPackageLife(t *testing.T) {
	dir, m := packages(t), newMachine(t)
	checkTarball(t, dir)
	first := filepath.Join(dir, "syndic_1.0.0_"+debianArch(t)+".deb")
	if out := m.must("-i", first); !strings.Contains(out, "set site.url in /etc/syndic/config.yaml") {
		t.Errorf("installing says nothing of what to do next:\n%s", out)
	}
	m.asked("at the installation", "daemon-reload") // and not to start it
	if !m.asks() {
		t.Error("debconf has no question for purging")
	}
	checkInstalled(t, m)
	m.publish()

	m.must("-i", variant(t, dir, "1.1.0", nil))
	if !strings.HasPrefix(m.read(configFile), "# Of 1.1.0.") {
		t.Error("a configuration that nobody touched is not brought up to date")
	}
	m.asked("at an upgrade", "daemon-reload", "try-restart syndic.service")
	replaceIn(t, m.path(configFile), "title: Example Journal", "title: Mine")
	out := m.must("-i", variant(t, dir, "1.2.0", nil))
	m.kept("after an upgrade")
	if !strings.HasPrefix(m.read(configFile+".dpkg-dist"), "# Of 1.2.0.") {
		t.Errorf("the new configuration is not beside the old one:\n%s", out)
	}

	broken := variant(t, dir, "1.3.0", func(tree string) { replaceIn(t, filepath.Join(tree, "DEBIAN/postinst"), "set -e", "exit 1") })
	if out, err := m.dpkg("-i", broken); err == nil {
		t.Errorf("a package that fails is installed:\n%s", out)
	}
	m.kept("after an upgrade that failed")
	if err := os.Truncate(broken, 4<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := m.dpkg("-i", broken); err == nil {
		t.Errorf("half a package is installed:\n%s", out)
	}
	m.kept("after half a package")
	m.put("tmp/asked", "")

	replaceIn(t, m.path(configFile), "schedule:", "shedule:")
	if out := m.must("-i", variant(t, dir, "1.4.0", nil)); !strings.Contains(out, "did you mean") || !strings.Contains(out, "nothing was restarted") {
		t.Errorf("nothing is said of a configuration that the new version refuses:\n%s", out)
	}
	m.asked("with a wrong configuration", "daemon-reload")
	replaceIn(t, m.path(configFile), "shedule:", "schedule:")
	m.kept("after an upgrade with a wrong configuration")
	checkRemoval(t, m, first)
}

func checkRemoval(t *testing.T, m *machine, file string) {
	m.must("-r", "syndic")
	if m.has("usr/bin/syndic") || m.has("usr/lib/systemd/system/syndic.service") {
		t.Error("removed, and still there")
	}
	m.asked("at the removal", "disable --now syndic.socket syndic.service", "daemon-reload")
	m.kept("after the removal")
	m.must("-i", file)
	m.kept("installed again")
	if out := m.must("-P", "syndic"); !strings.Contains(out, "the posts are kept in /var/lib/syndic") {
		t.Errorf("purging does not say where the posts are:\n%s", out)
	}
	if m.has("etc/syndic") || !m.has(database) {
		t.Error("purged: the configuration stays, or the posts are gone")
	}
	m.must("-i", file)
	m.syndic("post", "list")
	mustRun(t, nil, "chroot", m.root, "sh", "-c", "echo syndic syndic/remove-data boolean true | debconf-set-selections")
	m.must("-P", "syndic")
	if m.asks() {
		t.Error("purged, and debconf still has its question")
	}
	if m.has("var/lib/syndic") || m.has("etc/syndic") {
		t.Error("asked to remove the posts, it keeps them")
	}
	var left []string
	_ = filepath.WalkDir(m.root, func(path string, d fs.DirEntry, err error) error { // what cannot be read is not ours
		if err == nil && strings.Contains(d.Name(), "syndic") && !strings.HasPrefix(path, m.path("proc")) {
			left = append(left, path)
		}
		return nil
	})
	if len(left) > 0 {
		t.Errorf("purged, and there are %v", left)
	}
}

// checkInstalled looks at what the package has put where.
func checkInstalled(t *testing.T, m *machine) {
	t.Helper()
	if out := m.syndic("version"); !strings.HasPrefix(out, "syndic 1.0.0 (") {
		t.Errorf("version: %s", out)
	}
	m.syndic("config", "validate")
	if !strings.Contains(m.read("etc/passwd"), "\nsyndic:x:") || m.has("var/lib/syndic") {
		t.Error("there is no user, or a data directory without a start")
	}
	for _, name := range []string{"usr/share/bash-completion/completions/syndic", "usr/share/zsh/vendor-completions/_syndic", "usr/share/fish/vendor_completions.d/syndic.fish"} {
		if !strings.Contains(m.read(name), "__complete") {
			t.Errorf("%s completes nothing", name)
		}
	}
	if text := m.read("usr/share/doc/syndic/copyright"); !strings.Contains(text, "bbolt") || !strings.Contains(text, "Redistribution and use") {
		t.Error("the libraries' licences are not named")
	}
	out, err := exec.Command("ldd", m.path("usr/bin/syndic")).CombinedOutput()
	if err == nil {
		t.Errorf("the program is not static: %s", out)
	}
	// What systemd itself has is this machine's.
	for _, kind := range []string{"target", "slice", "socket", "mount"} {
		mustRun(t, nil, "sh", "-c", "cp -a /lib/systemd/system/*."+kind+" "+m.path("usr/lib/systemd/system/"))
	}
	said := mustRun(t, []string{"MANPATH=" + m.path("usr/share/man")}, "systemd-analyze", "verify", "--root="+m.root, "syndic.service", "syndic.socket")
	if said != "" {
		t.Errorf("systemd-analyze verify: %s", said)
	}
}

// checkTarball sees that the archive holds the files of the package and a note.
func checkTarball(t *testing.T, dir string) {
	t.Helper()
	files := func(lines, prefix string) (names []string) {
		for line := range strings.Lines(lines) {
			name := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "."), prefix)
			if name != "" && !strings.HasSuffix(name, "/") {
				names = append(names, strings.TrimPrefix(name, "/"))
			}
		}
		slices.Sort(names)
		return names
	}
	arch := debianArch(t)
	archive := files(mustRun(t, nil, "tar", "-tf", filepath.Join(dir, "syndic-1.0.0-linux-"+arch+".tar.gz")), "syndic-1.0.0")
	deb := files(mustRun(t, nil, "sh", "-c", "dpkg-deb --fsys-tarfile "+filepath.Join(dir, "syndic_1.0.0_"+arch+".deb")+" | tar -t"), "")
	if i := slices.Index(archive, "INSTALL"); i < 0 {
		t.Error("there is no note on how to install it")
	} else if archive = slices.Delete(archive, i, i+1); !slices.Equal(archive, deb) || len(deb) < 50 {
		t.Errorf("the archive has\n%v\nthe package\n%v", archive, deb)
	}
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		mustRun(t, nil, "sh", "-n", "../../deploy/debian/"+script)
	}
}
