package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"syndic/control"
)

func TestDoctorLooksAtFiles(t *testing.T) {
	for _, tc := range []struct {
		name      string
		dir, file os.FileMode
		id        string
	}{
		{"sound", 0o700, 0o600, ""}, {"searchable", 0o755, 0o600, ""},
		{"writable", 0o770, 0o600, "data-writable"}, {"readable", 0o700, 0o644, "database-readable"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			db := filepath.Join(p.places.data, databaseName)
			if err := os.WriteFile(db, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			for path, mode := range map[string]os.FileMode{db: tc.file, p.places.data: tc.dir} {
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
			}
			expect(t, p.look(t, (*doctor).lookAtFiles), warning, tc.id, "")
		})
	}
	t.Run("of another user", func(t *testing.T) {
		p := newPatient(t)
		db := filepath.Join(p.places.data, databaseName)
		if err := os.WriteFile(db, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(db, 65534, 65534); err != nil {
			t.Fatalf("%v: the tests have to run as root", err)
		}
		expect(t, p.look(t, (*doctor).lookAtFiles), broken, "database-owner", db)
	})
}

func TestDoctorLooksAtTheSocket(t *testing.T) {
	p := newPatient(t)
	dir, err := os.MkdirTemp("", "syn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p.places.socket, p.places.data = filepath.Join(dir, "s"), dir
	l, err := net.Listen("unix", p.places.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, mode := range map[string]os.FileMode{p.places.socket: 0o666, dir: 0o711, p.write(t, filepath.Join(dir, databaseName), ""): 0o600} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, p.look(t, (*doctor).lookAtDaemon, (*doctor).lookAtFiles), warning, "socket-open", p.places.socket)
}

// write makes a file and returns its path.
func (p *patient) write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDoctorJudgesRoom(t *testing.T) {
	for _, tc := range []struct {
		free, size int64
		level      level
		id         string
	}{
		{1 << 40, 1 << 30, "", ""}, {1 << 20, 1 << 10, broken, "disk-full"}, {1 << 30, 2 << 30, warning, "disk-short"}, {100 << 20, 1 << 10, warning, "disk-short"},
	} {
		p := newPatient(t)
		p.judgeRoom("/data/syndic.db", tc.free, tc.size)
		expect(t, p.examined, tc.level, tc.id, "")
	}
}

func TestDoctorLooksAtTheService(t *testing.T) {
	const limits = "Limit                     Soft Limit           Hard Limit           Units     \nMax processes             100                  100                  processes \nMax open files            %s                 524288               files     \n"
	for _, tc := range []struct {
		name  string
		unit  string
		limit string
		level level
		id    string
	}{
		{"sound", "Type=notify\nWatchdogSec=180s\nRestart=on-failure\n", "65536", "", ""},
		{"no limit", "", "unlimited", "", ""},
		{"simple", "Type=simple\n", "65536", warning, "unit-not-notify"},
		{"no watchdog", "Type=notify\n# WatchdogSec=180s\nRestart=always", "65536", warning, "unit-no-watchdog"},
		{"no restart", "Type=notify-reload\nWatchdogSec=1min\n", "65536", warning, "unit-no-restart"},
		{"few files", "", "1024", note, "files-few"},
		{"no files left", "", "3", broken, "files-exhausted"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			if tc.unit != "" {
				p.write(t, p.path("/usr/lib/systemd/system/syndic.service"), "[Service]\n"+tc.unit)
			}
			p.answers["/status"] = control.StatusInfo{Daemon: true, Ready: true, Version: buildVersion().Version, PID: 42}
			p.write(t, p.path("/proc/42/limits"), fmt.Sprintf(limits, tc.limit))
			for fd := range 4 {
				p.write(t, p.path("/proc/42/fd/"+strconv.Itoa(fd)), "")
			}
			expect(t, p.look(t, (*doctor).lookAtDaemon, (*doctor).lookAtService), tc.level, tc.id, "")
		})
	}
}

func TestDoctorLooksAtBackups(t *testing.T) {
	day := 24 * time.Hour
	for _, tc := range []struct {
		name     string
		schedule string
		level    level
		id       string
		info     control.BackupInfo
	}{
		{"none", "", note, "no-backups", control.BackupInfo{}},
		{"fresh", "@daily", "", "", control.BackupInfo{Last: ptr(time.Now().Add(-day))}},
		{"old", "@daily", warning, "backup-old", control.BackupInfo{Last: ptr(time.Now().Add(-2 * day))}},
		{"missing", "@daily", warning, "backup-missing", control.BackupInfo{}},
		{"failed", "@monthly", broken, "backup-failed", control.BackupInfo{Error: "disk is full"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			p.config.Backup.Schedule = tc.schedule
			p.answers["/status"] = control.StatusInfo{
				Daemon: true, Ready: true, Version: buildVersion().Version, Started: ptr(time.Now().Add(-3 * day)), Backup: &tc.info,
			}
			expect(t, p.look(t, (*doctor).lookAtDaemon, (*doctor).lookAtBackups), tc.level, tc.id, "")
		})
	}
}

func TestDoctorLooksAtTheClock(t *testing.T) {
	now := time.Now()
	for _, tc := range []struct {
		name   string
		level  level
		id     string
		change func(*patient)
	}{
		{"sound", "", "", func(p *patient) { p.clocks = []clockSample{{"a.example", 5 * time.Second}} }},
		{"apart", warning, "clock-apart", func(p *patient) { p.clocks = []clockSample{{"a.example", -time.Minute}, {"a.example", -time.Minute}} }},
		{"went back", broken, "clock-went-back", func(p *patient) {
			p.categories = []control.CategoryInfo{{Feeds: []control.FeedInfo{{Modified: now.Add(time.Hour)}}}}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPatient(t)
			tc.change(p)
			expect(t, p.look(t, (*doctor).lookAtClock), tc.level, tc.id, "")
		})
	}
}

func TestDoctorSamplesClocksThroughCaches(t *testing.T) {
	p := newPatient(t)
	p.sampleClock("a.example", &answer{header: http.Header{"Date": {time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)}, "Age": {"3600"}}})
	p.sampleClock("b.example", &answer{header: http.Header{}})
	if len(p.clocks) != 1 || p.clocks[0].away.Abs() > clockSlack {
		t.Errorf("clocks are %+v", p.clocks)
	}
}
