package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"syndic/store"
)

// wayBack ends every message about a damaged file.
const wayBack = "run `syndic check --repair`, or restore a backup with `syndic restore`"

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s; "+wayBack, store.ErrDamaged, fmt.Sprintf(format, args...))
}

// recoverFault turns a fault in the mapped file into an error: a value whose
// length was damaged may reach beyond the file. Any other panic is its
// maker's.
func recoverFault(err *error) {
	p := recover()
	if p == nil {
		return
	}
	if _, mapped := p.(interface{ Addr() uintptr }); !mapped {
		panic(p)
	}
	*err = damaged("%v", p)
}

// fault wraps an error of bbolt or of the system in the contract's sentinel,
// with what to do about it; others stay as they are.
func fault(path string, err error) error {
	switch {
	case err == nil, isContract(err):
		return err
	case isFull(err):
		return fmt.Errorf("%w: no space left for %s: free some and try again", store.ErrFull, path)
	case errors.Is(err, bbolt.ErrDatabaseNotOpen):
		return store.ErrClosed
	case errors.Is(err, bbolt.ErrTimeout):
		return fmt.Errorf("%w: another syndic has %s open: stop it, or give its socket with --socket", store.ErrLocked, path)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w: run as the owner of %s, and make it and its directory writable", store.ErrPermission, err, path)
	case isDamage(err):
		return fmt.Errorf("%w: %s: %w; "+wayBack, store.ErrDamaged, path, err)
	}
	return err
}

func isContract(err error) bool {
	for _, sentinel := range []error{
		store.ErrDamaged, store.ErrFull, store.ErrClosed, store.ErrLocked, store.ErrPermission, store.ErrNewer,
		store.ErrNoDatabase, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return false
}

// isFull also reads texts: bbolt wraps the errors of growing a file without
// keeping them.
func isFull(err error) bool {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, full) || strings.Contains(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}

func isDamage(err error) bool {
	for _, bad := range []error{
		berrors.ErrInvalid, berrors.ErrVersionMismatch, berrors.ErrChecksum, berrors.ErrInvalidMapping, io.ErrUnexpectedEOF, io.EOF,
	} {
		if errors.Is(err, bad) {
			return true
		}
	}
	return strings.Contains(err.Error(), "file size too small")
}
