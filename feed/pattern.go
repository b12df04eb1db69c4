package feed

import (
	"regexp"
	"sync"
)

// pattern compiles an expression with its first use: a command that renders
// nothing starts sooner without.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
