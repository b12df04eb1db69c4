package bolt

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"syndic/store"
	"syndic/store/storetest"
)

// Updates that come while a transaction's functions run join it, if it is
// young; those that come later have the next one. In a bubble no time passes
// but what the function waits.
func TestJoin(t *testing.T) {
	for wait, want := range map[time.Duration]int{0: 1, joinTime: 2} {
		synctest.Test(t, func(t *testing.T) {
			s := mustOpen(t, filepath.Join(t.TempDir(), "syndic.db"))
			defer check(t, s)
			before := commits(t, s)
			leave, done := make(chan struct{}), make(chan error)
			go func() {
				done <- s.Update(context.Background(), func(tx store.Tx) error {
					<-leave
					_, err := tx.PutPost(storetest.Post(1), store.PutOptions{})
					return err
				})
			}()
			synctest.Wait()
			for i := range 3 {
				go func() { done <- post(s, 2+i) }()
			}
			synctest.Wait()
			<-time.After(wait)
			close(leave)
			for range 4 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			if got := commits(t, s) - before; got != want {
				t.Errorf("after %v: %d transactions, want %d", wait, got, want)
			}
			wantPosts(t, s, 4)
		})
	}
}
