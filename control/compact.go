package control

import (
	"context"
	"time"
)

// CompactInfo is what a compaction came to.
type CompactInfo struct {
	Before     int64   `json:"bytes_before"` // of the database's file
	After      int64   `json:"bytes_after"`
	DurationMS float64 `json:"duration_ms"`
	HeldMS     float64 `json:"held_ms"` // how long authors waited for its last step
}

func (h *Handler) compact(ctx context.Context, _ none) (CompactInfo, error) {
	if h.cfg.Compact == nil {
		return CompactInfo{}, refuse("unavailable", "this store cannot be compacted")
	}
	began := time.Now()
	info, err := h.cfg.Compact(ctx)
	info.DurationMS = milliseconds(time.Since(began))
	return info, err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Compact gives the database a new file without free pages. It may take
// minutes for a large one; readers and authors are served meanwhile. When ctx
// ends before, nothing has changed.
func (c *Client) Compact(ctx context.Context) (CompactInfo, error) {
	var info CompactInfo
	return info, c.post(ctx, "/compact", none{}, &info)
}
