package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/store/bolt"
)

func (a *app) compactCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compact",
		Short: "Give back the space that removed posts took",
		Long: `Give the database a new file without free pages. The file never shrinks by
itself, and after a large removal each commit also writes the list of what is
free. Readers and authors are served meanwhile, but for some milliseconds at
the end. It needs room for a second copy beside the database; when it is
interrupted, nothing has changed.`,
		Args: cobra.NoArgs,
		RunE: a.with(writing, func(c call) error {
			if terminal(a.messages) {
				a.tell("compacting: readers and authors are served meanwhile")
			}
			info, err := c.client.Compact(c)
			if err != nil {
				return err
			}
			return one(a.printer(), info, fmt.Sprint(info.After), []field{
				{"before", size(info.Before)}, {"after", size(info.After)}, {"took", length(info.DurationMS)}, {"authors waited", length(info.HeldMS)},
			})
		}),
	}
}

// size writes bytes for people.
func size(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// length writes milliseconds for people.
func length(ms float64) string {
	return time.Duration(ms * float64(time.Millisecond)).Round(100 * time.Microsecond).String()
}

// compactor lets the control API compact the store.
func compactor(s *bolt.Store) func(context.Context) (control.CompactInfo, error) {
	return func(ctx context.Context) (control.CompactInfo, error) {
		done, err := s.Compact(ctx)
		return control.CompactInfo{Before: done.Before, After: done.After, HeldMS: float64(done.Held) / float64(time.Millisecond)}, err
	}
}
