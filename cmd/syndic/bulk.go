package main

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"syndic/control"
	"syndic/feed"
	"syndic/importer"
)

// One request holds no more than this, so that a large folder shows progress
// and is never in memory as a whole. The first ones hold less: the store begins
// while the files for the others are read.
const (
	firstPosts = 100
	batchPosts = 1000
	batchBytes = 8 << 20
)

// lastOutcome is how long an interrupted command waits for what it has sent, so
// that it can say what is in.
const lastOutcome = 2 * time.Second

// underWay is how many batches are on their way at most: while the store commits one,
// the next one is decoded already, and one more is on the way.
const underWay = 3

// adder adds the documents of one command. While some batches are on their way
// to the store, the files of the next one are read.
type adder struct {
	*app
	request control.AddRequest // of every batch
	lines   bool               // results are printed as more rows of a list
	files   []string
	origins map[string]string   // files that were read, by slug
	session *session            // opened with the first batch: bad input alone makes no database
	results []control.AddResult // of each file, in their order; no Status before there is one
	next    batch
	series  *control.Series
	sent    []sending // oldest first
	spare   batch     // one that has come back, for its memory
	shown   *progress
}

// batch is the documents of a request, and where their results belong.
type batch struct {
	documents []control.Document
	places    []int
	bytes     int
}

// sending is a batch on its way.
type sending struct {
	batch
	outcome func() ([]control.AddResult, error) // waits for it
}

func (ad *adder) close() {
	if ad.session != nil {
		ad.session.close()
	}
}

// add adds everything at some places. Whatever ends it, the batches before are
// in, and a second run passes them over.
func (ad *adder) add(ctx context.Context, places []string) error {
	var all []string
	listed := map[string]bool{}
	for _, place := range places {
		files := []string{place}
		if place != "-" {
			var err error
			if files, err = importer.Files(place); err != nil {
				return fail(exitFailed, "%w", err)
			}
		}
		ad.tellEmpty(place, files)
		for _, file := range files {
			if !listed[file] {
				listed[file] = true
				all = append(all, file)
			}
		}
	}
	return ad.addAll(ctx, all)
}

func (a *app) tellEmpty(place string, files []string) {
	if len(files) == 0 {
		a.tell("there is no *.md file in %s", place)
	}
}

// addAll adds files.
func (ad *adder) addAll(ctx context.Context, files []string) error {
	ad.files = files
	if ad.origins == nil {
		ad.origins = make(map[string]string, len(files))
	}
	ad.results = make([]control.AddResult, len(ad.files))
	if len(ad.files) > batchPosts {
		ad.shown = ad.newProgress(len(ad.files), "adding")
	}
	defer ad.shown.end()
	patient, cancel := outlast(ctx, lastOutcome)
	defer cancel()
	err := ad.addFiles(ctx, patient)
	for len(ad.sent) > 0 {
		if last := ad.settle(); err == nil {
			err = last
		}
	}
	return err
}

// outlast is a context that ends some time after ctx does.
func outlast(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(by, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}

func (ad *adder) addFiles(ctx, patient context.Context) error {
	most := firstPosts
	for i, f := range ad.ahead(ad.files) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.err == nil {
			f.err = ad.claim(ad.files[i], f)
		}
		if f.err != nil {
			ad.results[i] = control.AddResult{File: ad.files[i], Status: control.Rejected, Error: f.err.Error()}
			ad.shown.clear()
			ad.say("%v", f.err)
			ad.shown.add(1)
			continue
		}
		if n := len(ad.next.documents); n == most || n > 0 && ad.next.bytes+f.size > batchBytes {
			if err := ad.send(ctx, patient); err != nil {
				return err
			}
			most = min(2*most, batchPosts)
		}
		ad.next.documents = append(ad.next.documents, control.Document(f.document))
		ad.next.places = append(ad.next.places, i)
		ad.next.bytes += f.size
	}
	return ad.send(ctx, patient)
}

// claim refuses a file with the slug of another one, which it would replace, in
// this run or the next. One that has gone since has left its slug to the other.
func (ad *adder) claim(file string, f source) error {
	slug := feed.Slug(f.document.Post.Slug)
	if slug == "" {
		return nil // the daemon finds one
	}
	if first, ok := ad.origins[slug]; ok && first != file {
		switch there, same := compare(first, file); {
		case there && same:
			return nil
		case there:
			return fmt.Errorf("%s: it has the slug %q, as %s has: give one of them a slug of its own", file, slug, first)
		}
	}
	ad.origins[slug] = file
	return nil
}

// compare tells whether two files are there, and whether they have one text.
func compare(a, b string) (there, same bool) {
	x, err := os.ReadFile(a)
	if err != nil {
		return false, false
	}
	y, err := os.ReadFile(b)
	return err == nil, bytes.Equal(x, y)
}

// source is a file that was read.
type source struct {
	document importer.Document
	size     int
	err      error
}

// handful is how many files are read before they are handed over: one at a time
// the readers would be woken for each.
const handful = 8

// ahead reads files, several at a time, and gives them in their order. Only a
// few are in memory that were not asked for yet.
func (ad *adder) ahead(files []string) iter.Seq2[int, source] {
	return func(yield func(int, source) bool) {
		parts := slices.Collect(slices.Chunk(files, handful))
		workers := max(1, min(runtime.GOMAXPROCS(0)/2, len(parts))) // the store needs the other half
		read := make([]chan []source, 2*workers)                    // of part i at i modulo their number
		for i := range read {
			read[i] = make(chan []source, 1)
		}
		todo, stop := make(chan int, len(read)), make(chan struct{})
		defer close(stop)
		for range workers {
			go func() {
				var src bytes.Buffer // of one file after another
				for {
					select {
					case i := <-todo:
						read[i%len(read)] <- ad.readAll(parts[i], &src)
					case <-stop:
						return
					}
				}
			}()
		}
		for i := range min(len(read), len(parts)) {
			todo <- i
		}
		for i := range parts {
			sources := <-read[i%len(read)]
			if more := i + len(read); more < len(parts) {
				todo <- more
			}
			for n, f := range sources {
				if !yield(i*handful+n, f) {
					return
				}
			}
		}
	}
}

func (ad *adder) readAll(files []string, buffer *bytes.Buffer) []source {
	list := make([]source, len(files))
	for i, name := range files {
		list[i] = ad.read(name, buffer)
	}
	return list
}

func (ad *adder) read(name string, buffer *bytes.Buffer) source {
	src, err := ad.readSource(name, buffer)
	if err != nil {
		return source{err: err}
	}
	if piped(name) {
		name = "-"
	}
	doc, err := importer.Markdown(name, src)
	return source{document: doc, size: len(src), err: err}
}

// piped tells whether a file is a pipe such as /dev/fd/63, whose name says as
// little as that of standard input.
func piped(name string) bool {
	if filepath.Ext(name) != "" {
		return false
	}
	info, err := os.Stat(name)
	return err == nil && !info.Mode().IsRegular()
}

// send sends the next batch, once not too many are on their way. The store
// takes it in after those before, if all went well and nobody interrupts.
func (ad *adder) send(ctx, patient context.Context) error {
	if len(ad.next.documents) == 0 {
		return nil
	}
	if len(ad.sent) == underWay {
		if err := ad.settle(); err != nil {
			return err
		}
	}
	if ad.session == nil {
		s, err := ad.connect(patient, creating)
		if err != nil {
			return err
		}
		ad.session = s
	}
	if ad.series == nil {
		ad.series = ad.session.client.Series(ctx)
	}
	request := ad.request
	request.Documents = ad.next.documents
	ad.sent = append(ad.sent, sending{ad.next, ad.series.Add(patient, request)})
	ad.next, ad.spare = ad.spare, batch{}
	return nil
}

// settle takes over the results of the oldest batch on its way.
func (ad *adder) settle() error {
	b := ad.sent[0]
	ad.sent = ad.sent[1:]
	results, err := b.outcome()
	for i, r := range results {
		// A post remembers its file's name alone, the user knows its path.
		r.File = ad.files[b.places[i]]
		ad.results[b.places[i]] = r
		ad.explain(r)
	}
	ad.shown.add(len(results))
	clear(b.documents)
	ad.spare = batch{documents: b.documents[:0], places: b.places[:0]}
	return err
}

// explain says what a result has to say to people.
func (ad *adder) explain(r control.AddResult) {
	if len(r.Warnings) == 0 && r.Status != control.Rejected {
		return
	}
	ad.shown.clear()
	for _, w := range r.Warnings {
		ad.tell("warning: %s", located(r.File, w))
	}
	if r.Status == control.Rejected {
		ad.say("%s", located(r.File, r.Error))
	}
}

// finished are the results that there are.
func (ad *adder) finished() []control.AddResult {
	return slices.DeleteFunc(slices.Clone(ad.results), func(r control.AddResult) bool { return r.Status == "" })
}

// unfinished are the files that there is no result of.
func (ad *adder) unfinished() []string {
	var list []string
	for i, r := range ad.results {
		if r.Status == "" {
			list = append(list, ad.files[i])
		}
	}
	return list
}
