package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// maxSocketPath is the longest path that fits sockaddr_un.sun_path with its
// closing zero (unix(7)).
const maxSocketPath = 107

// systemSocket is where the packaged service listens.
const systemSocket = "/run/syndic/syndic.sock"

// systemData is where the packaged service keeps its data. systemd tells only
// the service so; its user at a prompt is told by nobody.
const systemData = "/var/lib/syndic"

const (
	databaseName = "syndic.db"
	socketName   = "syndic.sock"
)

// places are the directories that the flags and the environment name.
type places struct {
	data    string // the data directory, absolute
	given   bool   // the data directory was named, by a flag or by $STATE_DIRECTORY
	socket  string // the socket named by a flag, absolute; empty for none
	runtime string // $RUNTIME_DIRECTORY; empty for none
}

// findPlaces resolves the data directory and the sockets: flags first, then
// the environment.
func findPlaces(data, socket string, getenv func(string) string) (places, error) {
	if data == "" {
		data = first(getenv("STATE_DIRECTORY"))
	}
	p := places{given: data != "", runtime: first(getenv("RUNTIME_DIRECTORY"))}
	if data == "" && usesSystemData(systemData, getenv("HOME")) {
		data = systemData
	}
	var err error
	if socket != "" {
		if p.socket, err = filepath.Abs(socket); err != nil {
			return p, fmt.Errorf("find socket: %w", err)
		}
	}
	if xdg := getenv("XDG_DATA_HOME"); data == "" && filepath.IsAbs(xdg) {
		data = filepath.Join(xdg, "syndic")
	}
	if home := getenv("HOME"); data == "" && home != "" {
		data = filepath.Join(home, ".local", "share", "syndic")
	}
	if data == "" {
		return p, errors.New("no data directory: name one with --data, or set STATE_DIRECTORY or HOME")
	}
	if p.data, err = filepath.Abs(data); err != nil {
		return p, fmt.Errorf("find data directory: %w", err)
	}
	return p, nil
}

// usesSystemData tells whether a directory is the data of the user who runs
// this. Root, who has none in a home of its own, means it too, and is told whose
// it is.
func usesSystemData(dir, home string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() {
		return false
	}
	if os.Geteuid() == 0 && st.Uid != 0 {
		_, err := os.Stat(filepath.Join(home, ".local", "share", "syndic"))
		return errors.Is(err, fs.ErrNotExist)
	}
	return int(st.Uid) == os.Geteuid()
}

// first is the first of the directories that systemd gives, colon-separated.
func first(list string) string {
	one, _, _ := strings.Cut(list, ":")
	return one
}

// database is the store's file; a path in the configuration is relative to
// the data directory.
func (p places) database(configured string) string {
	switch {
	case configured == "":
		return filepath.Join(p.data, databaseName)
	case filepath.IsAbs(configured):
		return filepath.Clean(configured)
	}
	return filepath.Join(p.data, configured)
}

// listenSocket is where the daemon listens: where the flag says, else in the
// runtime directory, else in the data directory; the first of these that is
// short enough.
func (p places) listenSocket() (string, error) {
	if p.socket != "" {
		return p.socket, fits(p.socket)
	}
	inData := filepath.Join(p.data, socketName)
	if p.runtime != "" {
		if path := filepath.Join(p.runtime, socketName); fits(path) == nil {
			return path, nil
		}
	}
	return inData, fits(inData)
}

// fits refuses a path that the kernel would refuse with "invalid argument".
func fits(socket string) error {
	if len(socket) > maxSocketPath {
		return fmt.Errorf("socket path %s has %d bytes, more than the %d that a socket may have: name a shorter one with --socket, or set RUNTIME_DIRECTORY", socket, len(socket), maxSocketPath)
	}
	return nil
}

// dialSockets lists where a daemon may listen, in the order to try.
func (p places) dialSockets() []string {
	var all []string
	if p.socket != "" {
		all = append(all, p.socket)
	}
	all = append(all, filepath.Join(p.data, socketName))
	if p.runtime != "" {
		all = append(all, filepath.Join(p.runtime, socketName))
	}
	return append(all, systemSocket)
}

// checkOwner refuses to work on a store that belongs to somebody else: what
// another user writes there, root first of all, its owner cannot open again.
func checkOwner(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fail(exitNotPermitted, "not permitted to look into %s: run as the user that it belongs to: sudo -u USER syndic …", dir)
	case err != nil:
		return fmt.Errorf("check data directory: %w", err)
	case !info.IsDir():
		return fmt.Errorf("data directory %s is a file: name a directory with --data", dir)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Geteuid() {
		return nil
	}
	owner := userName(int(stat.Uid))
	return fail(exitNotPermitted, "%s belongs to the user %s, not to %s: run as %s: sudo -u %s syndic …", dir, owner, userName(os.Geteuid()), owner, owner)
}

// userName is a name that sudo understands: a number has a # before it.
func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "#" + strconv.Itoa(uid)
}
