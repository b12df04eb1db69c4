package feed

import "sync"

// scratch is what a document is read into, kept for the next one: the trees of
// entries are much alike, and none outlives its linting.
type scratch struct {
	xml  xmlScanner
	json jsonScanner
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// room is where the fast ways read to. It is the linter's until release.
func (l *linter) room() *scratch {
	if l.scratch == nil {
		l.scratch = scratches.Get().(*scratch)
	}
	return l.scratch
}

// release gives the room back, and with it the tree that was read.
func (l *linter) release() {
	if l.scratch == nil {
		return
	}
	l.scratch.xml.reset()
	l.scratch.json.reset()
	scratches.Put(l.scratch)
	l.scratch = nil
}

// kept is how many values of a kind are kept for the next document.
const kept = 64

// slab hands out zero values that stay where they are.
type slab[T any] struct {
	all  []T
	used int
}

func (s *slab[T]) take(n int) []T {
	if n > len(s.all)-s.used {
		s.all, s.used = make([]T, max(n, kept)), 0
	}
	s.used += n
	return s.all[s.used-n : s.used : s.used]
}

func (s *slab[T]) reset() {
	if len(s.all) > kept {
		s.all = nil
	}
	clear(s.all[:min(s.used, len(s.all))])
	s.used = 0
}

// emptied is a list for the next document, without what it held.
func emptied[T any](list []T) []T {
	if cap(list) > kept {
		return nil
	}
	clear(list[:cap(list)])
	return list[:0]
}
