package main

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a long command is, with its rate and the time that is
// left. A nil one shows nothing.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress shows the progress of that many posts, on a terminal alone.
func (a *app) newProgress(posts int, what string) *progress {
	if a.globals.quiet || !terminal(a.messages) {
		return nil
	}
	return &progress{progressbar.NewOptions(posts,
		progressbar.OptionSetWriter(a.messages), progressbar.OptionSetDescription(what), progressbar.OptionSetWidth(20),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("posts"),
		progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
		progressbar.OptionEnableColorCodes(false))}
}

// add moves on. What a terminal makes of it is nobody's trouble.
func (p *progress) add(n int) {
	if p != nil {
		_ = p.bar.Add(n)
	}
}

// clear takes the bar away before a line is written; add shows it again.
func (p *progress) clear() {
	if p != nil {
		_ = p.bar.Clear()
	}
}

// end takes the bar away for good.
func (p *progress) end() {
	if p != nil {
		_ = p.bar.Exit()
		_ = p.bar.Clear()
	}
}
