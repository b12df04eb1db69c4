package main

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How much room there should be on the disk, in bytes, beside what the database
// has: a compaction and a backup each make a copy of it.
const (
	roomToWork = 64 << 20
	roomToCopy = 256 << 20
)

// fewFiles is how many open files are few for a server of readers.
const fewFiles = 1024

// clockSlack is how far two clocks may be apart: Date has whole seconds, and
// answers take their time.
const clockSlack = 30 * time.Second

// clockJump is what a clock that is only slowed or sped up does not do.
const clockJump = 2 * time.Second

// lookAtFiles looks at who may read and write the data.
func (d *doctor) lookAtFiles(context.Context) error {
	db := d.database()
	dir := filepath.Dir(db)
	info, err := os.Stat(dir)
	if err != nil {
		return d.unseen(err)
	}
	if m := info.Mode().Perm(); m&0o022 != 0 {
		d.report(warning, "files", "data-writable", dir, fmt.Sprintf("others may write into the data directory (mode %#o)", m), "chmod go-w "+dir)
	}
	file, err := os.Stat(db)
	if err != nil {
		return d.unseen(err)
	}
	if m := file.Mode().Perm(); m&0o077 != 0 {
		d.report(warning, "files", "database-readable", db, fmt.Sprintf("others may read the database, drafts and all (mode %#o)", m), "chmod 600 "+db)
	}
	if a, b := owner(info), owner(file); a != b {
		d.report(broken, "files", "database-owner", db, fmt.Sprintf("the database belongs to %s, its directory to %s", userName(b), userName(a)),
			fmt.Sprintf("chown %s %s", userName(a), db))
	}
	for _, socket := range d.places.dialSockets() {
		if info, err := os.Lstat(socket); err == nil && d.status.Daemon && info.Mode()&fs.ModeSocket != 0 && info.Mode().Perm()&0o007 != 0 && searchable(filepath.Dir(socket)) {
			d.report(warning, "files", "socket-open", socket, "everybody on this machine may use the control socket", "chmod o= "+socket)
		}
	}
	return nil
}

// database is the file that the daemon has open, or would.
func (d *doctor) database() string {
	return d.dataPlaces().database(d.config.Store.Path)
}

// unseen is the error of a file that cannot be looked at: one that is not there
// is reported with the store.
func (d *doctor) unseen(err error) error {
	if os.IsNotExist(err) || os.IsPermission(err) {
		return errSkipped
	}
	return err
}

// searchable tells whether others may reach what is in the directory.
func searchable(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.Mode().Perm()&0o001 != 0
}

func owner(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return os.Geteuid()
}

// lookAtDisk looks at the room for what is to come.
func (d *doctor) lookAtDisk(context.Context) error {
	db := d.database()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(db), &disk); err != nil {
		return d.unseen(err)
	}
	size := int64(0)
	if info, err := os.Stat(db); err == nil {
		size = info.Size()
	}
	d.judgeRoom(db, int64(disk.Bavail)*int64(disk.Bsize), size) //nolint:unconvert // the types differ between systems
	return nil
}

func (d *doctor) judgeRoom(db string, free, size int64) {
	say := fmt.Sprintf("%d MB are free, the database has %d MB", free>>20, size>>20)
	switch {
	case free < roomToWork:
		d.report(broken, "disk", "disk-full", filepath.Dir(db), say+": posts will be refused soon", "make room, or move the database to another disk")
	case free < size+roomToCopy:
		d.report(warning, "disk", "disk-short", filepath.Dir(db), say+": too little for a copy of it",
			"make room: `syndic compact` and a backup each need as much as the database has")
	}
}

// lookAtService looks at the unit, if there is one, and at the daemon's limits.
func (d *doctor) lookAtService(context.Context) error {
	looked := false
	for _, dir := range []string{"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"} {
		text, err := os.ReadFile(d.path(filepath.Join(dir, "syndic.service")))
		if err == nil {
			d.judgeUnit(filepath.Join(dir, "syndic.service"), string(text))
			looked = true
			break // the first one counts
		}
	}
	if d.status.Daemon && exists(d.path("/proc/"+strconv.Itoa(d.status.PID))) {
		looked = true
		d.judgeLimit(d.status.PID)
	}
	if !looked {
		return errSkipped
	}
	return nil
}

func (d *doctor) judgeUnit(path, unit string) {
	set := map[string]string{}
	for line := range strings.Lines(unit) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			set[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	if !strings.HasPrefix(set["Type"], "notify") {
		d.report(warning, "service", "unit-not-notify", path, "systemd takes syndic for ready before it serves", "set Type=notify in the unit")
		return
	}
	if w := set["WatchdogSec"]; w == "" || w == "0" {
		d.report(warning, "service", "unit-no-watchdog", path, "nobody restarts a scheduler that hangs", "set WatchdogSec=180s in the unit")
	}
	if set["Restart"] == "" || set["Restart"] == "no" {
		d.report(warning, "service", "unit-no-restart", path, "nobody restarts a daemon that died", "set Restart=on-failure in the unit")
	}
}

// judgeLimit compares the daemon's open files with how many it may have.
func (d *doctor) judgeLimit(pid int) {
	proc := d.path("/proc/" + strconv.Itoa(pid))
	f, err := os.Open(filepath.Join(proc, "limits"))
	if err != nil {
		return // another user's, or not Linux
	}
	defer f.Close()
	limit := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "Max open files"); ok && len(strings.Fields(rest)) > 0 {
			limit, _ = strconv.Atoi(strings.Fields(rest)[0]) // "unlimited" is 0
		}
	}
	open, _ := os.ReadDir(filepath.Join(proc, "fd")) // another user's cannot be counted
	who := fmt.Sprintf("process %d", pid)
	switch {
	case limit > 0 && len(open)*10 > limit*9:
		d.report(broken, "service", "files-exhausted", who, fmt.Sprintf("%d of the %d files that it may open are open", len(open), limit),
			"raise LimitNOFILE in the unit, or ulimit -n")
	case limit > 0 && limit <= fewFiles:
		d.report(note, "service", "files-few", who, fmt.Sprintf("it may open %d files, one for each reader at a time", limit),
			"set LimitNOFILE=65536 in the unit, or ulimit -n")
	}
}

// clockSample is the time that a server's answer told.
type clockSample struct {
	host string
	away time.Duration // that it was ahead of ours
}

// sampleClock keeps what an answer says of the time: a copy from a cache is as
// old as its Age says.
func (d *doctor) sampleClock(host string, a *answer) {
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return
	}
	age, _ := strconv.Atoi(a.header.Get("Age")) // 0 when there is none
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clocks = append(d.clocks, clockSample{host, time.Until(date.Add(time.Duration(age) * time.Second))})
}

// lookAtClock compares the clock with those of others, and with the past.
func (d *doctor) lookAtClock(context.Context) error {
	// A clock that is set shows as two ways of measuring the same time.
	now := time.Now()
	if jump := now.Round(0).Sub(d.started.Round(0)) - now.Sub(d.started); jump.Abs() > clockJump {
		d.report(warning, "clock", "clock-set", "", fmt.Sprintf("the clock was set by %s during this look", jump.Round(time.Second)),
			"see which program sets it, and leave that to one alone")
	}
	newest := time.Time{}
	for _, c := range d.categories {
		for _, f := range c.Feeds {
			if f.Modified.After(newest) {
				newest = f.Modified
			}
		}
	}
	if ahead := time.Until(newest); ahead > clockSlack {
		d.report(broken, "clock", "clock-went-back", "", fmt.Sprintf("the newest feed is dated %s ahead: the clock was set back", ahead.Round(time.Second)),
			"set the clock (timedatectl set-ntp true); dates in feeds go on from there meanwhile")
	}
	for _, s := range d.clocks {
		if s.away.Abs() > clockSlack {
			d.report(warning, "clock", "clock-apart", s.host, fmt.Sprintf("its clock and this machine's are %s apart", s.away.Abs().Round(time.Second)),
				"set this machine's clock (timedatectl set-ntp true), or have theirs set")
		}
	}
	return nil
}
