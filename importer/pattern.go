package importer

import (
	"regexp"
	"sync"
)

// pattern compiles an expression with its first use: compiling them all took
// longer than reading a post does.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
