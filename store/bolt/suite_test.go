package bolt

import (
	"testing"

	"syndic/store"
	"syndic/store/storetest"
)

// The contract holds, also over a store that changes its file now and then.
func TestContract(t *testing.T) {
	storetest.Run(t, func(path string) (store.Store, error) {
		s, err := Open(path, Options{Create: true})
		return &compacted{Store: s}, err
	})
}
