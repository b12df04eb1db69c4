package control

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// failing is a snapshot that cannot be read to its end.
type failing struct{ io.Reader }

func (f failing) Read(b []byte) (int, error) {
	n, err := f.Reader.Read(b)
	if errors.Is(err, io.EOF) {
		err = errors.New("the disk is gone")
	}
	return n, err
}

// socketClient serves the handler on a real socket.
func socketClient(t *testing.T, h http.Handler) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h} //nolint:gosec // its only client is this test
	go func() { _ = server.Serve(l) }()
	c := Dial(path)
	t.Cleanup(func() {
		c.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestBackupStream(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 100_000)
	for name, c := range map[string]struct {
		in   io.Reader
		size int
		want string // of the error; empty for none
	}{
		"whole":       {bytes.NewReader(data), len(data), ""},
		"unreadable":  {failing{bytes.NewReader(data[:500_000])}, len(data), "broke off"},
		"too short":   {bytes.NewReader(data[:500_000]), len(data), "broke off"},
		"of no bytes": {bytes.NewReader(nil), 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(cfg *Config) {
				cfg.Backup = func(context.Context) (Snapshot, error) {
					return Snapshot{io.NopCloser(c.in), int64(c.size)}, nil
				}
			})
			s, err := socketClient(t, New(r.cfg)).Backup(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got, err := io.ReadAll(s)
			switch {
			case c.want == "" && (err != nil || !bytes.Equal(got, data[:c.size]) || s.Size != int64(c.size)):
				t.Errorf("got %d bytes of %d (%v)", len(got), s.Size, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got error %v, want %q", err, c.want)
			}
		})
	}
}

// What passed on the way with one byte changed is not taken.
func TestBackupChangedOnTheWay(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(VersionHeader, APIVersion)
		w.Header().Set("Trailer", digestTrailer)
		w.Header().Set(sizeHeader, "3")
		_, _ = w.Write([]byte("abc"))
		w.Header().Set(digestTrailer, strings.Repeat("0", 64))
	})
	s, err := socketClient(t, h).Backup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := io.ReadAll(s); err == nil {
		t.Error("another digest passes")
	}
}

func TestNoBackupHere(t *testing.T) {
	r := newRig(t)
	if _, err := r.Backup(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be backed up") {
		t.Errorf("got error %v", err)
	}
	for _, info := range []*BackupInfo{nil, {Error: "no space"}} {
		r := newRig(t, func(cfg *Config) { cfg.Backups = func() *BackupInfo { return info } })
		s, err := r.Status(t.Context())
		if said := strings.Contains(strings.Join(s.Problems, "\n"), "no space"); err != nil || said != (info != nil) {
			t.Errorf("%v: problems %q (%v)", info, s.Problems, err)
		}
	}
}
