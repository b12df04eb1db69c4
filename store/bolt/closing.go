package bolt

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// closing is kept beside the database, as .syndic.db.state, and says how it was
// closed. It is a hint that saves the look at a sound file at every start: it
// is written without a sync, and one that is missing, or of other bytes than
// the database has now, only costs that look.
type closing struct {
	Open     bool   `json:"open"`               // nobody has closed it since
	Boot     string `json:"boot,omitempty"`     // of the system, when it was opened
	Size     int64  `json:"size,omitempty"`     // of the file, once closed
	Modified int64  `json:"modified,omitempty"` // its time, in nanoseconds
	Damage   string `json:"damage,omitempty"`   // met while it was open
}

func closingOf(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".state")
}

// Suspect says why the database at path is to be looked at before it is opened,
// or nothing. The look reads every page's header, so that 10 GB take seconds;
// the ready daemon takes milliseconds from a file that is not suspect. Suspect
// is a file that
//
//   - was open when the machine went down: its disk may have lied;
//   - is not the one that was closed, by size or time: restored or copied by
//     hand, or written to by somebody else;
//   - was found damaged while it was open;
//   - has no such record: it comes from elsewhere, or from an older program.
//
// One whose process died alone is not: the system kept what it had written, and
// each commit is whole or not there.
func Suspect(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "" // nothing to look at, or the opening says why
	}
	data, err := os.ReadFile(closingOf(path))
	if errors.Is(err, fs.ErrNotExist) {
		return "nothing tells how it was closed"
	}
	var c closing
	if err != nil || json.Unmarshal(data, &c) != nil {
		return "what tells how it was closed cannot be read"
	}
	switch boot := bootID(); {
	case c.Damage != "":
		return "damage was met while it was open: " + c.Damage
	case c.Open && (boot == "" || c.Boot != boot):
		return "the machine went down while it was open"
	case !c.Open && (c.Size != info.Size() || c.Modified != info.ModTime().UnixNano()):
		return "it is not as it was closed"
	}
	return ""
}

// bootID names the time since the system was started; empty where it has no
// name.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// noteOpen and noteClosed keep the record; where that fails, the next start
// looks at the file.
func (s *Store) noteOpen() { s.note(closing{Open: true, Boot: bootID()}) }

func (s *Store) noteClosed() {
	info, err := os.Stat(s.path)
	if err != nil {
		return // it was moved away
	}
	s.mu.Lock()
	c := closing{Size: info.Size(), Modified: info.ModTime().UnixNano(), Damage: s.damage}
	s.mu.Unlock()
	s.note(c)
}

// hurt keeps the first damage that was met, for the next start.
func (s *Store) hurt(err error) {
	s.mu.Lock()
	first := s.damage == ""
	if first {
		s.damage = fmt.Sprint(err)
	}
	s.mu.Unlock()
	if first {
		s.note(closing{Open: true, Boot: bootID(), Damage: s.damage})
	}
}

func (s *Store) note(c closing) {
	if s.o.readOnly {
		return
	}
	part := closingOf(s.path) + ".part"
	data, err := json.Marshal(c)
	if err == nil {
		err = os.WriteFile(part, append(data, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(part, closingOf(s.path))
	}
	if err != nil {
		s.o.Log.Debug().Str("component", "store").Err(err).Msg("how the database was closed could not be kept")
		_ = os.Remove(closingOf(s.path)) // an old one would be wrong
	}
}
