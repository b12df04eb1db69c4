package main

import (
	"context"

	"syndic/feed"
	"syndic/store"
)

// mendQueue is how many damaged categories may wait. One that does not fit is
// found again by the next reader.
const mendQueue = 100

// damaged notes a category of which a feed was found damaged by a reader.
func (d *daemon) damaged(category uint64) {
	select {
	case d.mends <- category:
	default:
	}
}

// mend has damaged categories rendered again until ctx ends. The mark is a row,
// so a kill right after it changes nothing; one before it leaves the damage to
// the next reader.
func (d *daemon) mend(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case category := <-d.mends:
			var c feed.Category
			err := d.store.Update(ctx, func(tx store.Tx) (err error) {
				if c, err = tx.Category(category); err != nil {
					return err
				}
				return tx.PutMark(category, tx.Now(), true)
			})
			if err != nil && ctx.Err() == nil {
				d.log.Error().Str("component", "daemon").Err(err).Str("category", c.Slug).Msg("a damaged feed cannot be marked to be rendered again")
			}
		}
	}
}
