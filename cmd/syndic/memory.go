package main

import (
	"context"
	"fmt"
	"strconv"
)

// What serve.memory may be, in bytes.
const (
	minMemory = 1_000_000
	maxMemory = 1_000_000_000_000
)

// sizePattern is a size as people write it. A fraction or a bare number would
// be guessed at.
var sizePattern = pattern(`^([1-9][0-9]{0,8})(kB|KB|MB|GB|KiB|MiB|GiB)$`)

var sizeUnits = map[string]int64{
	"kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
}

// parseSize reads a number of bytes.
func parseSize(text string) (int64, error) {
	parts := sizePattern().FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("%q is no size: use a whole number and a unit, such as 64MB or 1GB", text)
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no size: %w", text, err)
	}
	return n * sizeUnits[parts[2]], nil
}

// memory checks serve.memory.
func (ch checker) memory() {
	bytes, err := parseSize(ch.Serve.Memory)
	switch {
	case err != nil:
		ch.bad("serve.memory", "%v", err)
	case bytes < minMemory || bytes > maxMemory:
		ch.bad("serve.memory", "%q is out of range: use 1MB to 1000GB", ch.Serve.Memory)
	}
}

// memory is serve.memory of a checked configuration, in bytes.
func (c Config) memory() int64 {
	bytes, _ := parseSize(c.Serve.Memory)
	return bytes
}

// applyMemory bounds what is held of feeds, at once.
func (d *daemon) applyMemory(_ context.Context, c Config) error {
	d.web.Memory(c.memory())
	return nil
}
