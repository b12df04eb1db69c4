package control

import (
	"context"
	"encoding/json"
)

// ConfigurationInfo is the configuration that a daemon has in force. It holds
// no secrets.
type ConfigurationInfo struct {
	File   string          `json:"file"` // that it reads
	Config json.RawMessage `json:"config"`
}

func (h *Handler) configuration(ctx context.Context, _ none) (ConfigurationInfo, error) {
	if h.cfg.Configuration == nil {
		return ConfigurationInfo{}, refuse("unavailable", "no daemon runs here: no configuration is in force")
	}
	return h.cfg.Configuration(ctx)
}

// Configuration is the daemon's; without one it is a *Error with the code
// "unavailable".
func (c *Client) Configuration(ctx context.Context) (ConfigurationInfo, error) {
	var info ConfigurationInfo
	return info, c.get(ctx, "/configuration", nil, &info)
}
