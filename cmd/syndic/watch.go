package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"syndic/control"
)

// again is after how long a file is looked at again that could not be added, or
// may not be whole.
const again = time.Second

// Files are kept from being written while they are read: only so long, since
// adding them may take longer, and only so many, since each is open meanwhile.
const (
	longestHold = 200 * time.Millisecond
	mostHeld    = 500
)

// sight is what there was to see of a path at one time.
type sight struct {
	files   map[string]presence // complete is what was closed after writing, or moved there
	left    []string            // folders that went elsewhere
	resumed bool                // some was missed, so every file that there is is here
	wrong   []error             // what could not be looked at
}

// presence is what is known of a file.
type presence int

const (
	absent       presence = iota // or no post's
	beingWritten                 // somebody has it open to write, and its closing will be seen
	complete                     // nobody has
	undecided                    // as it is another user's
)

// watcher adds files as they are written.
type watcher struct {
	*app
	request control.AddRequest
	at      *lookout
	session *session           // with a daemon; the store is opened for each add, and free for others in between
	alone   bool               // the user has been told that there is no daemon
	said    map[complaint]bool // since all went well last, lest it be said each second
	later   map[string]trial   // files to look at again
	slugs   map[string]string  // of the posts, by file
	files   map[string]string  // by slug
	origins map[string]string  // of all that was read, by slug
}

// complaint is why a file is not in yet.
type complaint struct{ file, why string }

// trial is when to look at a file again.
type trial struct {
	due   time.Time
	known presence // complete is what could not be added
	stamp stamp
}

// stamp is what changes as a file is written.
type stamp struct {
	size    int64
	changed time.Time
}

// watch adds what is at a path, and then what is written there, until the user
// ends it. It looks out from before the first file is read, so that none is
// missed.
func (a *app) watch(ctx context.Context, r control.AddRequest, path string) error {
	if path == "-" {
		return fail(exitUsage, "--watch needs a file or a folder: standard input does not change")
	}
	at, seen, err := newLookout(path)
	if err != nil {
		return fail(exitFailed, "%w", err)
	}
	defer at.close()
	w := &watcher{app: a, request: r, at: at, said: map[complaint]bool{}, later: map[string]trial{}, slugs: map[string]string{}, files: map[string]string{}, origins: map[string]string{}}
	defer w.hangUp()
	if err := w.begin(ctx, path, seen); err != nil {
		return err
	}
	a.tell("watching %s for changes; Ctrl-C ends it", path)
	for ctx.Err() == nil {
		seen, err := at.next(ctx, w.due())
		if err == nil {
			err = w.take(ctx, seen)
		}
		if err != nil && ctx.Err() == nil {
			return fail(exitFailed, "%w", err)
		}
	}
	return w.end()
}

// begin adds all that there is, as without --watch. That a file is wrong does
// not end it.
func (w *watcher) begin(ctx context.Context, path string, seen sight) error {
	ad := &adder{app: w.app, request: w.request, origins: w.origins, lines: w.globals.format == formatJSON}
	files := w.sort(seen)
	w.tellEmpty(path, files)
	err := ad.addAll(ctx, files)
	wrong := ad.report(err)
	w.keep(ad, err)
	if err == nil && wrong != nil {
		w.say("%v", wrong)
		wrong = nil
	}
	return wrong
}

// take adds what was seen, and what is due again, in one request.
func (w *watcher) take(ctx context.Context, seen sight) error {
	files := append(w.sort(seen), w.ripe(time.Now())...)
	if len(files) == 0 {
		return nil
	}
	slices.Sort(files)
	results := w.add(ctx, files)
	if seen.resumed {
		results = slices.DeleteFunc(results, func(r control.AddResult) bool { return r.Status == control.Unchanged })
	}
	return (&adder{app: w.app, lines: true}).printAdded(results)
}

// sort takes the files that are whole, in the order of their names; the others
// wait. It says what could not be looked at.
func (w *watcher) sort(seen sight) (files []string) {
	for _, err := range seen.wrong {
		w.say("%v", err)
	}
	due := time.Now().Add(again)
	for file := range w.slugs {
		if seen.resumed || slices.ContainsFunc(seen.left, func(folder string) bool {
			return strings.HasPrefix(file, folder+string(filepath.Separator))
		}) {
			w.later[file] = trial{due: due}
		}
	}
	for file, known := range seen.files {
		_, waits := w.later[file]
		switch {
		case known == complete:
			delete(w.later, file)
			files = append(files, file)
		case known != absent || !waits: // what is absent still does not wait longer
			w.later[file] = trial{due: due, known: known}
		}
	}
	slices.Sort(files)
	return files
}

// due is when the next file is to be looked at again; zero when none is.
func (w *watcher) due() (first time.Time) {
	for _, t := range w.later {
		if first.IsZero() || t.due.Before(first) {
			first = t.due
		}
	}
	return first
}

// ripe takes the files whose time has come, if they are whole.
func (w *watcher) ripe(now time.Time) (files []string) {
	for file, t := range w.later {
		if t.due.After(now) {
			continue
		}
		delete(w.later, file)
		switch known := w.at.look(file); {
		case known == absent:
			w.gone(file)
		case known == beingWritten:
			w.later[file] = trial{due: now.Add(again), known: known}
		case known == complete || t.known == complete || w.steady(file, t):
			files = append(files, file)
		}
	}
	return files
}

// steady tells whether another user's file, of which no closing need be to
// come, is as it was when it was looked at before; if not it waits once more.
func (w *watcher) steady(file string, before trial) bool {
	if before.known != undecided {
		return false
	}
	info, err := os.Stat(file)
	if err != nil {
		return false
	}
	now := stamp{info.Size(), info.ModTime()}
	if now == before.stamp {
		return true
	}
	w.later[file] = trial{due: time.Now().Add(again), known: undecided, stamp: now}
	return false
}

// gone tells of a post whose file went, unless another file is its own now.
func (w *watcher) gone(file string) {
	slug, ok := w.slugs[file]
	if !ok {
		return
	}
	if delete(w.slugs, file); w.files[slug] == file {
		delete(w.files, slug)
		w.tell("%s is gone, and its post stays as it is: `syndic post recall %s` takes it back", file, slug)
	}
}

// add adds files. What cannot be added now waits; a daemon that was started
// anew meanwhile is asked at once.
func (w *watcher) add(ctx context.Context, files []string) (results []control.AddResult) {
	files, release := w.hold(files)
	defer release()
	for len(files) > 0 {
		known := w.session != nil
		ad := &adder{app: w.app, request: w.request, origins: w.origins, session: w.session}
		err := ad.addAll(ctx, files)
		results = append(results, ad.finished()...)
		w.keep(ad, err)
		files = ad.unfinished()
		switch {
		case err == nil:
			clear(w.said)
			return results
		case len(files) == 0:
			return results
		case known && ctx.Err() == nil:
			continue
		}
		for _, file := range files {
			w.later[file] = trial{due: time.Now().Add(again), known: complete}
		}
		if ctx.Err() == nil {
			w.complain(files, fmt.Sprint(interrupted(ctx, err)))
		}
		return results
	}
	return results
}

// hold keeps others from writing to files while they are read. Those that
// somebody has opened again wait, and those that are gone.
func (w *watcher) hold(files []string) (whole []string, release func()) {
	var held []io.Closer
	for _, file := range files {
		lease, known := w.at.hold(file)
		if known == complete && len(held) < mostHeld {
			held = append(held, lease)
		} else {
			_ = lease.Close() // nothing was written
		}
		if known == complete || known == undecided {
			whole = append(whole, file)
		} else {
			w.later[file] = trial{due: time.Now().Add(again), known: known}
		}
	}
	release = sync.OnceFunc(func() {
		for _, lease := range held {
			_ = lease.Close() // likewise
		}
	})
	time.AfterFunc(longestHold, release)
	return whole, release
}

// complain names the files that are not in yet for a reason, each once.
func (w *watcher) complain(files []string, why string) {
	var fresh []string
	for _, file := range files {
		if c := (complaint{file, why}); !w.said[c] {
			w.said[c], fresh = true, append(fresh, file)
		}
	}
	if len(fresh) > 0 {
		w.say("not in yet: %s: %s; it is tried again each second", some(fresh), why)
	}
}

// keep takes over from an adder: its connection if it is good for more, and
// which file is which post's.
func (w *watcher) keep(ad *adder, err error) {
	for _, r := range ad.finished() {
		switch r.Status {
		case control.Added, control.Changed, control.Unchanged:
			w.slugs[r.File], w.files[r.Slug] = r.Slug, r.File
		}
	}
	w.session = ad.session
	alone := w.session != nil && w.session.store != nil
	if alone && !w.alone && err == nil {
		w.tell("no daemon answers: posts go into the database, and out to readers once `syndic serve` runs")
	}
	if w.session != nil && err == nil {
		w.alone = alone
	}
	if alone || err != nil {
		w.hangUp()
	}
}

func (w *watcher) hangUp() {
	if w.session != nil {
		w.session.close()
		w.session = nil
	}
}

// end is what there is to say when the user ends it.
func (w *watcher) end() error {
	var out []string
	for file, t := range w.later {
		if t.known == complete {
			out = append(out, file)
		}
	}
	if len(out) == 0 {
		return nil
	}
	slices.Sort(out)
	return fail(exitPartly, "not in yet: %s: run it again", some(out))
}

// some names files, or says how many they are.
func some(files []string) string {
	if len(files) > 3 {
		return fmt.Sprintf("%d files", len(files))
	}
	return strings.Join(files, ", ")
}
