package bolt

import (
	"testing"

	"syndic/store"
	"syndic/store/storetest"
)

// openStore is Open as the suite wants it.
func openStore(path string) (store.Store, error) { return Open(path, Options{Create: true}) }

func TestContract(t *testing.T) { storetest.Run(t, openStore) }
