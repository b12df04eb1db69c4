//go:build !linux

package main

import "os"

// syncAll leaves what was written to the system, which has no call for it.
func syncAll(*os.File) error { return nil }
