package store

import "errors"

// Sentinel errors of the contract. Backends wrap them with the operation and
// its subject; callers test with errors.Is.
var (
	ErrNotFound   = errors.New("not found")
	ErrTaken      = errors.New("already taken")
	ErrConflict   = errors.New("changed in between")
	ErrFenced     = errors.New("leadership was lost")
	ErrClosed     = errors.New("store is closed")
	ErrNoDatabase = errors.New("no database")        // nothing there, and it was not to be made
	ErrLocked     = errors.New("database is locked") // another process has it open
	ErrPermission = errors.New("not permitted")      // the file or its directory
	ErrNewer      = errors.New("database is of a newer schema")
	ErrDamaged    = errors.New("database is damaged")
	ErrFull       = errors.New("disk is full")
)
