package control

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"testing"
)

func TestReload(t *testing.T) {
	want := Reloaded{File: "/etc/config.yaml", Changes: []KeyChange{{Key: "schedule", Old: `"@daily"`, New: `"@change"`}}}
	refused := &Error{Code: "config", Status: http.StatusUnprocessableEntity, Message: "config.yaml:1:1: no\nconfig.yaml:2:1: nor this"}
	answer := func(_ context.Context, r ReloadRequest) (Reloaded, error) {
		if r.File != want.File {
			return Reloaded{}, refused
		}
		return want, nil
	}
	c := Local(New(Config{Reload: answer}))
	if got, err := c.Reload(t.Context(), ReloadRequest{File: want.File}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	var e *Error
	if _, err := c.Reload(t.Context(), ReloadRequest{}); !errors.As(err, &e) || e.Code != "config" || e.Status != refused.Status || e.Message != refused.Message {
		t.Errorf("refused: %+v", err)
	}
	if _, err := Local(New(Config{})).Reload(t.Context(), ReloadRequest{}); !errors.As(err, &e) || e.Code != "unavailable" {
		t.Errorf("without a daemon: %+v", err)
	}
}
