package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"time"
)

// What goes with a snapshot: its size ahead of it, so that the client can look
// for room, and its SHA-256 after it, so that one that was cut off is noticed.
const (
	sizeHeader    = "Syndic-Size"
	digestTrailer = "Syndic-Digest"
)

// BackupInfo is how the scheduled backups go.
type BackupInfo struct {
	Directory string     `json:"directory"`
	Kept      int        `json:"kept"`           // backups that are there
	Last      *time.Time `json:"last,omitempty"` // of the newest one
	Next      *time.Time `json:"next,omitempty"`
	Error     string     `json:"error,omitempty"` // of the latest attempt
}

// Snapshot is the store as one file.
type Snapshot struct {
	io.ReadCloser
	Size int64 // bytes
}

// backup makes a snapshot first and sends it then: however slow the client, no
// transaction waits for it.
func (h *Handler) backup(ctx context.Context, _ none) (Snapshot, error) {
	if h.cfg.Backup == nil {
		return Snapshot{}, refuse("unavailable", "this store cannot be backed up through the control socket")
	}
	s, err := h.cfg.Backup(ctx)
	return s, wrap("back up", err)
}

// sendSnapshot writes a snapshot as the answer. What cannot be read to its end
// breaks the connection off: a whole answer has its digest behind it.
func sendSnapshot(w http.ResponseWriter, s Snapshot) int {
	defer s.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Trailer", digestTrailer)
	w.Header().Set(sizeHeader, strconv.FormatInt(s.Size, 10))
	w.WriteHeader(http.StatusOK)
	sum := sha256.New()
	if n, err := io.Copy(w, io.TeeReader(s, sum)); err != nil || n != s.Size {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set(digestTrailer, hex.EncodeToString(sum.Sum(nil)))
	return http.StatusOK
}

// Backup asks for a snapshot of the store. Its last Read fails when it did not
// come whole. The caller closes it.
func (c *Client) Backup(ctx context.Context) (Snapshot, error) {
	resp, err := c.do(ctx, http.MethodGet, "/backup", nil)
	if err != nil {
		return Snapshot{}, err
	}
	size, err := strconv.ParseInt(resp.Header.Get(sizeHeader), 10, 64)
	if err != nil {
		resp.Body.Close()
		return Snapshot{}, c.failed(fmt.Errorf("size of the snapshot: %w", err))
	}
	return Snapshot{ReadCloser: &arrival{client: c, resp: resp, size: size, sum: sha256.New()}, Size: size}, nil
}

// arrival is a snapshot on its way: it ends well only where all of it came.
type arrival struct {
	client *Client
	resp   *http.Response
	size   int64
	read   int64
	sum    hash.Hash
}

// Read reads on, and compares size and digest at the end.
func (a *arrival) Read(b []byte) (int, error) {
	n, err := a.resp.Body.Read(b)
	a.read += int64(n)
	a.sum.Write(b[:n])
	switch {
	case err == nil:
		return n, nil
	case err != io.EOF:
		return n, a.client.failed(err)
	case a.read != a.size || a.resp.Trailer.Get(digestTrailer) != hex.EncodeToString(a.sum.Sum(nil)):
		return n, a.client.failed(fmt.Errorf("%d of %d bytes of the snapshot came, or not as they were sent", a.read, a.size))
	}
	return n, io.EOF
}

// Close ends the transfer.
func (a *arrival) Close() error { return a.resp.Body.Close() }
