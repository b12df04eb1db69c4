package bolt

import (
	"fmt"

	"syndic/store"
)

// name is a row of an index from names to numbers. Once claimed it is never
// another's.
type name struct {
	in  bucket
	key string
}

// what the indexes hold, as messages call it.
var nameKinds = map[bucket]string{
	inPostID: "id", inPostSlug: "slug", inPostPath: "path",
	inCategoryID: "id", inCategorySlug: "slug", inCategoryTitle: "title",
}

// free fails when another than num has one of the names, and lists those that
// nobody has yet.
func (t *tx) free(names []name, num uint64) ([]name, error) {
	fresh := make([]name, 0, len(names))
	for _, n := range names {
		by := t.get(n.in, []byte(n.key))
		switch {
		case by == nil:
			fresh = append(fresh, n)
		case number(by) != num:
			key := n.key
			if n.in == inPostPath && len(key) > 8 {
				key = key[8:]
			}
			return nil, fmt.Errorf("%s %q: %w by number %d", nameKinds[n.in], key, store.ErrTaken, number(by))
		}
	}
	return fresh, t.fault
}

// claim writes the rows that are not there yet.
func (t *tx) claim(names []name, num uint64) {
	for _, n := range names {
		if !t.has(n.in, []byte(n.key)) {
			t.put(n.in, []byte(n.key), numKey(num))
		}
	}
}

// enroll writes the rows of names that free has listed.
func (t *tx) enroll(fresh []name, num uint64) {
	for _, n := range fresh {
		t.put(n.in, []byte(n.key), numKey(num))
	}
}
