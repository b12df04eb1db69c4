package main

import (
	"regexp"
	"sync"
)

// pattern compiles an expression with its first use: a command starts sooner
// without those that it has no use for.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
