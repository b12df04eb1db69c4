package control

import "context"

// CheckInfo is what a look at every row of the store found.
type CheckInfo struct {
	Problems []string `json:"problems"`
}

func (h *Handler) check(ctx context.Context, _ none) (CheckInfo, error) {
	if h.cfg.Check == nil {
		return CheckInfo{}, refuse("unavailable", "this store cannot be checked")
	}
	problems := h.cfg.Check(ctx)
	if problems == nil {
		problems = []string{}
	}
	return CheckInfo{Problems: problems}, ctx.Err()
}

// Check looks at every row of the store. It may take minutes for a large one;
// readers and authors are served meanwhile.
func (c *Client) Check(ctx context.Context) (CheckInfo, error) {
	var info CheckInfo
	return info, c.get(ctx, "/check", nil, &info)
}
