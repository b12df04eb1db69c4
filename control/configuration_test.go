package control

import (
	"context"
	"encoding/json"
	"testing"
)

func TestConfiguration(t *testing.T) {
	r := newRig(t)
	_, err := r.Configuration(t.Context())
	refused(t, err, "unavailable", "no daemon")
	want := ConfigurationInfo{File: "/etc/a.yaml", Config: json.RawMessage(`{"listen":"x"}`)}
	r = newRig(t, func(c *Config) {
		c.Configuration = func(context.Context) (ConfigurationInfo, error) { return want, nil }
	})
	if got, err := r.Configuration(t.Context()); err != nil || got.File != want.File || string(got.Config) != string(want.Config) {
		t.Errorf("%+v, %v", got, err)
	}
}
