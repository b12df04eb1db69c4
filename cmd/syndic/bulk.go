package main

import (
	"bytes"
	"context"
	"iter"
	"runtime"
	"time"

	"syndic/control"
	"syndic/importer"
)

// One request holds no more than this, so that a large folder shows progress
// and is never in memory as a whole.
const (
	batchPosts = 500
	batchBytes = 8 << 20
)

// lastOutcome is how long an interrupted command waits for what it has sent, so
// that it can say what is in.
const lastOutcome = 2 * time.Second

// adder adds the documents of one command. While one batch is on its way to
// the store, the files of the next one are read.
type adder struct {
	*app
	request control.AddRequest // of every batch
	lines   bool               // results are printed as more rows of a list
	files   []string
	session *session            // opened with the first batch: bad input alone makes no database
	results []control.AddResult // of each file, in their order; no Status before there is one
	next    batch
	sent    chan outcome // of the batch on its way; nil when there is none
	spare   batch        // one that has come back, for its memory
	shown   *progress
}

// batch is the documents of a request, and where their results belong.
type batch struct {
	documents []control.Document
	places    []int
	bytes     int
}

// outcome is what became of a batch.
type outcome struct {
	batch
	results []control.AddResult
	err     error
}

func (ad *adder) close() {
	if ad.session != nil {
		ad.session.close()
	}
}

// add adds everything there. Whatever ends it, the batches before are in,
// and a second run passes them over.
func (ad *adder) add(ctx context.Context, from string) error {
	files := []string{from}
	if from != "-" {
		var err error
		if files, err = importer.Files(from); err != nil {
			return fail(exitFailed, "%w", err)
		}
	}
	return ad.addAll(ctx, from, files)
}

// addAll adds the files that there are at a place.
func (ad *adder) addAll(ctx context.Context, from string, files []string) error {
	if ad.files = files; len(files) == 0 {
		ad.tell("there is no *.md file in %s", from)
	}
	ad.results = make([]control.AddResult, len(ad.files))
	if len(ad.files) > batchPosts {
		ad.shown = ad.newProgress(len(ad.files), "adding")
	}
	defer ad.shown.end()
	patient, cancel := outlast(ctx, lastOutcome)
	defer cancel()
	err := ad.addFiles(ctx, patient)
	if last := ad.settle(); err == nil {
		err = last
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
	for i, f := range ad.ahead(ad.files) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.err != nil {
			ad.results[i] = control.AddResult{File: ad.files[i], Status: control.Rejected, Error: f.err.Error()}
			ad.shown.clear()
			ad.say("%v", f.err)
			ad.shown.add(1)
			continue
		}
		if n := len(ad.next.documents); n == batchPosts || n > 0 && ad.next.bytes+f.size > batchBytes {
			if err := ad.send(patient); err != nil {
				return err
			}
		}
		ad.next.documents = append(ad.next.documents, control.Document(f.document))
		ad.next.places = append(ad.next.places, i)
		ad.next.bytes += f.size
	}
	return ad.send(patient)
}

// source is a file that was read.
type source struct {
	document importer.Document
	size     int
	err      error
}

// ahead reads files, several at a time, and gives them in their order. Only a
// few are in memory that were not asked for yet.
func (ad *adder) ahead(files []string) iter.Seq2[int, source] {
	return func(yield func(int, source) bool) {
		workers := max(1, min(runtime.GOMAXPROCS(0)/2, len(files))) // the store needs the other half
		read := make([]chan source, 4*workers)                      // of file i at i modulo their number
		for i := range read {
			read[i] = make(chan source, 1)
		}
		todo, stop := make(chan int, len(read)), make(chan struct{})
		defer close(stop)
		for range workers {
			go func() {
				var src bytes.Buffer // of one file after another
				for {
					select {
					case i := <-todo:
						read[i%len(read)] <- ad.read(files[i], &src)
					case <-stop:
						return
					}
				}
			}()
		}
		for i := range min(len(read), len(files)) {
			todo <- i
		}
		for i := range files {
			f := <-read[i%len(read)]
			if more := i + len(read); more < len(files) {
				todo <- more
			}
			if !yield(i, f) {
				return
			}
		}
	}
}

func (ad *adder) read(name string, buffer *bytes.Buffer) source {
	src, err := ad.readSource(name, buffer)
	if err != nil {
		return source{err: err}
	}
	doc, err := importer.Markdown(name, src)
	return source{document: doc, size: len(src), err: err}
}

// send waits for the batch before, and sends the next one.
func (ad *adder) send(ctx context.Context) error {
	if err := ad.settle(); err != nil || len(ad.next.documents) == 0 {
		return err
	}
	if ad.session == nil {
		s, err := ad.connect(ctx, creating)
		if err != nil {
			return err
		}
		ad.session = s
	}
	request, b := ad.request, ad.next
	request.Documents, ad.next, ad.spare = b.documents, ad.spare, batch{}
	ad.sent = make(chan outcome, 1)
	go func(sent chan<- outcome) {
		results, err := ad.session.client.Add(ctx, request)
		sent <- outcome{b, results, err}
	}(ad.sent)
	return nil
}

// settle takes over the results of the batch that was sent, if one was.
func (ad *adder) settle() error {
	if ad.sent == nil {
		return nil
	}
	a := <-ad.sent
	ad.sent = nil
	for i, r := range a.results {
		// A post remembers its file's name alone, the user knows its path.
		r.File = ad.files[a.places[i]]
		ad.results[a.places[i]] = r
		ad.explain(r)
	}
	ad.shown.add(len(a.results))
	clear(a.documents)
	ad.spare = batch{documents: a.documents[:0], places: a.places[:0]}
	return a.err
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
	var list []control.AddResult
	for _, r := range ad.results {
		if r.Status != "" {
			list = append(list, r)
		}
	}
	return list
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
