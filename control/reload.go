package control

import "context"

// ReloadRequest asks the daemon to read its configuration again.
type ReloadRequest struct {
	File string `json:"file"` // absolute; the daemon refuses when it reads another; empty for whichever it reads
}

// KeyChange is a key of the configuration that has another value from now on.
// The values are as one would write them in the file.
type KeyChange struct {
	Key string `json:"key"`
	Old string `json:"old"`
	New string `json:"new"`
}

// Reloaded is what a reload came to.
type Reloaded struct {
	File    string      `json:"file"`
	Changes []KeyChange `json:"changes"`
}

func (h *Handler) reload(ctx context.Context, r ReloadRequest) (Reloaded, error) {
	if h.cfg.Reload == nil {
		return Reloaded{}, refuse("unavailable", "there is no daemon to reload: the next one reads the configuration when it starts")
	}
	return h.cfg.Reload(ctx, r)
}

// Reload has the daemon read its configuration again; a *Error with the code
// "config" says that it stays with the one it has, and why.
func (c *Client) Reload(ctx context.Context, r ReloadRequest) (Reloaded, error) {
	var res Reloaded
	return res, c.post(ctx, "/reload", r, &res)
}
