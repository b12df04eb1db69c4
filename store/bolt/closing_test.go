package bolt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSuspect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	want := func(when, why string) {
		t.Helper()
		if got := Suspect(path); got != why && (why == "" || !strings.Contains(got, why)) {
			t.Errorf("%s: suspect for %q, want %q", when, got, why)
		}
	}
	want("without a file", "")
	s, err := Open(path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	want("while it is open, as after a kill", "")
	if err := post(s, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want("once closed", "")
	state := closingOf(path)
	record, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(state, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"open":true,"boot":"another"}`)
	want("after a power cut", "machine went down")
	write(`{"open":true,"boot":"` + bootID() + `","damage":"page 7"}`)
	want("after damage", "page 7")
	write("{")
	want("with half a record", "cannot be read")
	write(string(record))
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
	want("with another time", "not as it was closed")
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	want("without a record", "nothing tells")
	s = mustOpen(t, path)
	check(t, s)
	want("opened and closed again", "")
}

// Damage that is met at work is kept for the next start, whatever comes then.
func TestDamageIsRemembered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "syndic.db")
	if err := os.WriteFile(path, sample(t), 0o600); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, path)
	if err := os.Truncate(path, 3*4096); err != nil {
		t.Fatal(err)
	}
	if err := s.View(t.Context(), readAll); err == nil {
		t.Fatal("nothing was met")
	}
	if got := Suspect(path); !strings.Contains(got, "damage was met") {
		t.Errorf("as after a kill: suspect for %q", got)
	}
	_ = s.Close()
	if got := Suspect(path); !strings.Contains(got, "damage was met") {
		t.Errorf("once closed: suspect for %q", got)
	}
}
