package bolt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	berrors "go.etcd.io/bbolt/errors"

	"syndic/store"
)

func TestFault(t *testing.T) {
	plain := errors.New("plain")
	for _, c := range []struct {
		err, want error
	}{
		{nil, nil},
		{plain, plain},
		{store.ErrConflict, store.ErrConflict},
		{fmt.Errorf("wrapped: %w", store.ErrDamaged), store.ErrDamaged},
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, store.ErrFull},
		{fmt.Errorf("file resize error: %s", syscall.ENOSPC), store.ErrFull}, //nolint:errorlint // as bbolt has it
		{fmt.Errorf("file sync error: %s", syscall.EDQUOT), store.ErrFull},   //nolint:errorlint // as bbolt has it
		{berrors.ErrDatabaseNotOpen, store.ErrClosed},
		{berrors.ErrTimeout, store.ErrLocked},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, store.ErrPermission},
		{&fs.PathError{Op: "open", Path: "x", Err: syscall.EROFS}, store.ErrPermission},
		{berrors.ErrInvalid, store.ErrDamaged},
		{berrors.ErrChecksum, store.ErrDamaged},
		{berrors.ErrVersionMismatch, store.ErrDamaged},
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), store.ErrDamaged},
		{errors.New("file size too small 4096"), store.ErrDamaged},
	} {
		got := fault("/a/syndic.db", c.err)
		if !errors.Is(got, c.want) {
			t.Errorf("fault of %v is %v, want %v", c.err, got, c.want)
		}
		if got != nil && strings.Contains(got.Error(), "\n") {
			t.Errorf("fault of %v has more than a line: %v", c.err, got)
		}
	}
}

// Faults of the mapping are damage; any other panic is its maker's.
func TestRecoverFault(t *testing.T) {
	run := func(p any) (err error) {
		defer recoverFault(&err)
		panic(p)
	}
	if err := run(mapped{}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("got error %v, want that it is damaged", err)
	}
	defer func() {
		if p := recover(); p != "out" {
			t.Errorf("recovered %v, want the panic itself", p)
		}
	}()
	_ = run("out")
}

// mapped is a fault as the runtime gives it under SetPanicOnFault.
type mapped struct{}

func (mapped) Error() string { return "unexpected fault address" }
func (mapped) Addr() uintptr { return 1 }
