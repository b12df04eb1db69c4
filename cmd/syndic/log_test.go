package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/rs/zerolog"
)

// Every line of a daemon's life is JSON, says who speaks, and when.
func TestEveryLineSaysWhoSpeaks(t *testing.T) {
	h := newHost(t, `schedule: "@change"`, "hubs: ["+silentHub(t)+"]")
	p := h.serve()
	h.must(0, "post", "add", "--category", "Design", h.write("a.md", "# A\n\ntext\n"))
	h.configure(`schedule: "@daily"`)
	h.must(0, "reload")
	h.configure("nonsense: 1")
	p.signal(syscall.SIGHUP)
	p.await(notReloaded)
	slow, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := slow.Write([]byte("GET / HTTP/1.1\r\n")); err != nil {
		t.Fatal(err)
	}
	p.stop()
	p.await("stopped")
	n := 0
	for line := range strings.Lines(p.log.String()) {
		var v struct{ Level, Component, Time, Message string }
		if err := json.Unmarshal([]byte(line), &v); err != nil || v.Level == "" || v.Component == "" || v.Time == "" || v.Message == "" {
			t.Errorf("%v: %s", err, line)
		}
		n++
	}
	if n < 15 {
		t.Errorf("only %d lines", n)
	}
}

func TestSink(t *testing.T) {
	var out bytes.Buffer
	a := &app{messages: &out}
	s := a.newSink(LogConfig{Level: "warn", Format: "json"})
	log := s.logger().With().Str("component", "test").Logger()
	log.Info().Msg("quiet")
	if out.Len() > 0 {
		t.Errorf("below its level: %s", &out)
	}
	log.Error().Err(errors.New("a\nb")).Str("category", "design").Msg("broken")
	if got := s.latest(); got.component != "test" || got.text != "design: broken: a b" || got.at.IsZero() {
		t.Errorf("remembered: %+v", got)
	}
	s.forget("other")
	if s.latest().text == "" {
		t.Error("forgot another's error")
	}
	s.forget("test")
	if got := s.latest(); got != (trouble{}) {
		t.Errorf("still remembers %+v", got)
	}
	s.set(LogConfig{Level: "error", Format: "json"})
	out.Reset()
	log.Warn().Msg("quiet now")
	if s.set(LogConfig{Level: "debug", Format: "console"}); out.Len() > 0 {
		t.Errorf("a level that was raised: %s", &out)
	}
	if log.Debug().Msg("loud"); !strings.Contains(out.String(), "DBG loud component=test") {
		t.Errorf("console: %s", &out)
	}
	a.globals.quiet = true
	s.set(LogConfig{Level: "debug", Format: "json"})
	out.Reset()
	log.Warn().Msg("quiet")
	log.WithLevel(zerolog.NoLevel).Msg("without a level")
	if text := out.String(); strings.Contains(text, "quiet") || !strings.Contains(text, "without a level") {
		t.Errorf("--quiet: %s", text)
	}
}
