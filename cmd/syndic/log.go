package main

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// sink is where a run's log goes. Every logger that writes to it changes its
// level and its form with it.
type sink struct {
	app *app
	now atomic.Pointer[outlet]

	mu      sync.Mutex
	trouble trouble
	news    chan struct{} // holds a value when trouble is another than before
}

// outlet is one form of the log.
type outlet struct {
	level zerolog.Level
	w     io.Writer
}

// trouble is the latest error that was logged.
type trouble struct {
	at              time.Time // zero for none
	component, text string
}

func (a *app) newSink(c LogConfig) *sink {
	s := &sink{app: a, news: make(chan struct{}, 1)}
	s.set(c)
	return s
}

// logger is the log of one run: on standard error, in the form that the
// configuration names. --quiet leaves errors, --verbose everything.
func (a *app) logger(c LogConfig) zerolog.Logger { return a.newSink(c).logger() }

func (s *sink) logger() zerolog.Logger { return zerolog.New(s).With().Timestamp().Logger() }

// set changes level and form, from the next line on.
func (s *sink) set(c LogConfig) {
	a := s.app
	level, err := zerolog.ParseLevel(c.Level)
	if err != nil {
		level = zerolog.InfoLevel
	}
	if a.globals.verbose {
		level = min(level, zerolog.DebugLevel)
	}
	if a.globals.quiet {
		level = zerolog.ErrorLevel
	}
	w := a.messages
	if c.Format == "console" || c.Format == "auto" && terminal(w) {
		w = zerolog.ConsoleWriter{Out: w, NoColor: !a.colour(w), TimeFormat: "15:04:05"}
	}
	s.now.Store(&outlet{level, w})
}

// Write takes a line without a level.
func (s *sink) Write(line []byte) (int, error) { return s.now.Load().w.Write(line) }

// WriteLevel takes a line, and remembers an error.
func (s *sink) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	if level >= zerolog.ErrorLevel && level <= zerolog.PanicLevel {
		s.remember(line)
	}
	o := s.now.Load()
	if level < o.level {
		return len(line), nil
	}
	return o.w.Write(line)
}

func (s *sink) remember(line []byte) {
	var v struct{ Component, Category, Message, Error string }
	if json.Unmarshal(line, &v) != nil {
		return // a line that is no object has nothing to remember
	}
	var words []string
	for _, word := range []string{v.Category, v.Message, v.Error} {
		if word != "" {
			words = append(words, strings.Join(strings.Fields(word), " "))
		}
	}
	s.become(trouble{at: time.Now(), component: v.Component, text: strings.Join(words, ": ")})
}

// forget forgets the latest error, if it is the component's.
func (s *sink) forget(component string) {
	if s.latest().component == component {
		s.become(trouble{})
	}
}

func (s *sink) become(t trouble) {
	s.mu.Lock()
	s.trouble = t
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

func (s *sink) latest() trouble {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}
