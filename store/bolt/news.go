package bolt

import (
	"slices"
	"sync"
)

// news are the keys of the rows that were written since somebody took them.
type news struct {
	mu   sync.Mutex
	rows [bucketCount]keys
	n    int
}

// keys are those of one bucket.
type keys map[string]struct{}

func (k keys) sorted() []string {
	list := make([]string, 0, len(k))
	for key := range k {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

// add keeps the keys of what was written.
func (n *news) add(written []*overlay) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, o := range written {
		for b := range o.layers {
			if n.rows[b] == nil && len(o.layers[b].rows) > 0 {
				n.rows[b] = keys{}
			}
			before := len(n.rows[b])
			for key := range o.layers[b].rows {
				n.rows[b][key] = struct{}{}
			}
			n.n += len(n.rows[b]) - before
		}
	}
}

// take hands over the keys and begins anew.
func (n *news) take() (taken [bucketCount]keys) {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken, n.rows, n.n = n.rows, [bucketCount]keys{}, 0
	return taken
}

func (n *news) len() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.n
}

func (n *news) has(b bucket, key string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, has := n.rows[b][key]
	return has
}
