package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"syndic/control"
	"syndic/feed"
	"syndic/importer"
)

const (
	folderPosts      = 10_000
	folderCategories = 100
	folderRounds     = 5 // of the whole folder
	fileRounds       = 7 // of one file
)

// folder compares with Hugo: a folder of Markdown to feeds, and one file of it.
func (b *bench) folder(ctx context.Context) error {
	progress("writing %d files of Markdown", folderPosts)
	f := &folder{posts: filepath.Join(b.dir, "posts"), watched: filepath.Join(b.dir, "watched")}
	var titles []string
	for i := range folderCategories {
		f.categories = append(f.categories, fmt.Sprintf("category-%d", i))
		titles = append(titles, fmt.Sprintf("Category %d", i))
	}
	err := b.writePosts(f.posts, folderPosts, titles)
	if err == nil {
		f.hugo, err = b.newHugo(ctx, f.posts)
	}
	if err == nil {
		f.host, err = b.newHost(ctx)
	}
	if err != nil {
		return err
	}
	b.table.head(fmt.Sprintf("A folder of %d Markdown posts in %d categories to feeds of 50 posts", folderPosts, folderCategories),
		"syndic: a daemon with an empty store is started; post add; republish; every feed is served in three formats",
		"reference: Hugo "+hugoVersion+" builds, or watches, one RSS feed for each category and nothing else; the ratio is how many times as fast")
	if err := b.wholeFolder(ctx, f); err != nil {
		return err
	}
	return b.oneFile(ctx, f)
}

type folder struct {
	posts      string
	watched    string   // a copy, for post add --watch
	categories []string // slugs
	hugo       *hugo
	host       *host
}

func (b *bench) wholeFolder(ctx context.Context, f *folder) error {
	var hugos, whole, start, add, publish []time.Duration
	for round := range folderRounds {
		progress("the whole folder, round %d of %d", round+1, folderRounds)
		took, err := f.hugo.build(ctx, f.categories)
		if err != nil {
			return err
		}
		hugos = append(hugos, took)
		laps, err := f.serveAll(ctx, fmt.Sprintf("data%d", round))
		if err != nil {
			return err
		}
		whole, start = append(whole, laps[3].Sub(laps[0])), append(start, laps[1].Sub(laps[0]))
		add, publish = append(add, laps[2].Sub(laps[1])), append(publish, laps[3].Sub(laps[2]))
	}
	b.reportHugo("the whole folder", 4, whole, hugos)
	b.table.row(row{measure: "  of that, the start of the daemon", ours: duration(median(start))})
	b.table.row(row{measure: "  of that, post add", ours: duration(median(add))})
	b.table.row(row{measure: "  of that, republish", ours: duration(median(publish))})
	rate := folderPosts / median(add).Seconds()
	b.table.row(row{measure: "post add of the folder, posts a second", ours: fmt.Sprintf("%.0f", rate), aim: atLeast(rate, 20_000, "")})
	return nil
}

// serveAll brings a daemon with an empty store up until it serves every feed:
// when that began, when it was up, when the posts were in, and when it was done.
func (f *folder) serveAll(ctx context.Context, data string) (laps [4]time.Time, err error) {
	f.host.data = filepath.Join(f.host.dir, data)
	laps[0] = time.Now()
	p, _, err := f.host.serve(ctx)
	if err != nil {
		return laps, err
	}
	laps[1] = time.Now()
	err = f.host.run(ctx, "-q", "post", "add", f.posts)
	laps[2] = time.Now()
	if err == nil {
		err = f.host.run(ctx, "-q", "republish", "--all")
	}
	laps[3] = time.Now()
	if err == nil {
		err = f.complete(ctx)
	}
	return laps, errors.Join(err, p.stop())
}

// complete makes sure that every feed is served with its 50 posts.
func (f *folder) complete(ctx context.Context) error {
	for _, c := range f.categories {
		for format, item := range map[feed.Format]string{feed.RSS: "<item>", feed.Atom: "<entry>", feed.JSON: `"id":`} {
			a, err := fetch(ctx, f.host.url+c+"/"+format.File(), nil)
			if err != nil {
				return err
			}
			if n := bytes.Count(a.body, []byte(item)); a.status != http.StatusOK || n < 50 {
				return fmt.Errorf("%s of %s is answered with %d and %d posts", format, c, a.status, n)
			}
		}
	}
	return nil
}

// way is how a changed file of a folder comes to a daemon that runs.
type way struct {
	name, folder string
	aim          float64 // of what was started before, as Hugo's watch is; 0 for none
	send         func(ctx context.Context, file, category string) error
}

func (f *folder) ways(client *control.Client) []way {
	return []way{
		{"one file, by post add and republish", f.posts, 0, func(ctx context.Context, file, category string) error {
			if err := f.host.run(ctx, "-q", "post", "add", file); err != nil {
				return err
			}
			return f.host.run(ctx, "-q", "--republish", category)
		}},
		{"one file, by post add --now", f.posts, 0, func(ctx context.Context, file, _ string) error {
			return f.host.run(ctx, "-q", "post", "add", "--now", file)
		}},
		{"one file, by two calls on the socket", f.posts, 0, func(ctx context.Context, file, category string) error {
			if err := send(ctx, client, file, false); err != nil {
				return err
			}
			_, err := client.Republish(ctx, control.RepublishRequest{Categories: []string{category}})
			return err
		}},
		{"one file, by one call on the socket, as --now", f.posts, 50, func(ctx context.Context, file, _ string) error {
			return send(ctx, client, file, true)
		}},
		{"one file, by post add --watch --now", f.watched, 50, func(context.Context, string, string) error { return nil }},
	}
}

// watch has post add look for changes of a copy of the folder, which only its
// own rounds change, until the context ends; the function waits for that.
func (f *folder) watch(ctx context.Context) (wait func(), err error) {
	if err := os.CopyFS(f.watched, os.DirFS(f.posts)); err != nil {
		return nil, err
	}
	cmd := f.host.command(ctx, "post", "add", "--watch", "--now", f.watched)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	messages, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var said strings.Builder
	for in := bufio.NewScanner(io.TeeReader(messages, &said)); in.Scan(); {
		if strings.Contains(in.Text(), "Ctrl-C ends it") {
			go io.Copy(io.Discard, messages) //nolint:errcheck // it ends with the command
			return func() { _ = cmd.Wait() }, nil
		}
	}
	return nil, errors.Join(errors.New("post add --watch ended at once: "+said.String()), cmd.Wait())
}

// send does what post add does, without starting it.
func send(ctx context.Context, client *control.Client, file string, now bool) error {
	src, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	doc, err := importer.Markdown(file, src)
	if err != nil {
		return err
	}
	_, err = client.Add(ctx, control.AddRequest{Documents: []control.Document{control.Document(doc)}, Now: now})
	return err
}

// oneFile changes the newest post of a category: for Hugo of the first one, for
// syndic of one that was not changed before, as a feed has at most one generation
// a second.
func (b *bench) oneFile(ctx context.Context, f *folder) error {
	p, _, err := f.host.serve(ctx) // with the last round's data
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // what was measured is
	client := control.Dial(filepath.Join(f.host.data, "syndic.sock"))
	defer client.Close()
	watching, stop := context.WithCancel(ctx)
	ended, err := f.hugo.watch(watching)
	if err != nil {
		stop()
		return err
	}
	defer func() { stop(); _ = ended() }()
	wait, err := f.watch(watching)
	if err != nil {
		return err
	}
	defer func() { stop(); wait() }()
	ways := f.ways(client)
	ours, hugos := make([][]time.Duration, len(ways)), []time.Duration(nil)
	for round := range fileRounds {
		progress("one file of it, round %d of %d", round+1, fileRounds)
		took, err := b.throughHugo(ctx, f, round)
		if err != nil {
			return err
		}
		hugos = append(hugos, took)
		for i, w := range ways {
			if took, err = b.through(ctx, f, w, 1+round*len(ways)+i, round); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			ours[i] = append(ours[i], took)
		}
	}
	for i, w := range ways {
		b.reportHugo(w.name, w.aim, ours[i], hugos)
	}
	return nil
}

// newestFile is the newest post of a category in a folder, as it reads in a
// round, and the text that no other round has.
func (b *bench) newestFile(dir string, category, round int) (file string, text []byte, mark string) {
	n := folderPosts - folderCategories + category
	mark = fmt.Sprintf("changed in round %d of category %d", round, category)
	text = append(b.document(n, fmt.Sprintf("Category %d", category)), "\nIt was "+mark+".\n"...)
	return filepath.Join(dir, fmt.Sprintf("post-%05d.md", n)), text, mark
}

func (b *bench) throughHugo(ctx context.Context, f *folder, round int) (time.Duration, error) {
	file, text, mark := b.newestFile(filepath.Join(f.hugo.dir, "content"), 0, round)
	start := time.Now()
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return 0, err
	}
	err := f.hugo.shows(ctx, f.categories[0], mark)
	return time.Since(start), err
}

func (b *bench) through(ctx context.Context, f *folder, w way, category, round int) (time.Duration, error) {
	file, text, mark := b.newestFile(w.folder, category, round)
	url := f.host.url + f.categories[category] + "/" + feed.RSS.File()
	before, err := fetch(ctx, url, nil)
	if err != nil {
		return 0, err
	}
	header := http.Header{"If-None-Match": {before.header.Get("ETag")}}
	start := time.Now()
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sent := make(chan error, 1)
	go func() {
		err := w.send(ctx, file, f.categories[category])
		if sent <- err; err != nil {
			cancel() // it will never be seen
		}
	}()
	err = eventually(ctx, "a change in syndic's feed", func() (bool, error) {
		a, err := fetch(ctx, url, header)
		return bytes.Contains(a.body, []byte(mark)), err
	})
	took := time.Since(start)
	return took, errors.Join(err, <-sent)
}

func (b *bench) reportHugo(measure string, aim float64, ours, hugos []time.Duration) {
	var ratios []float64
	for i := range ours {
		ratios = append(ratios, per(hugos[i], ours[i]))
	}
	ratio := middle(ratios)
	r := row{measure: measure, ours: duration(median(ours)), reference: duration(median(hugos)), ratio: times(ratio)}
	if aim > 0 {
		r.aim = atLeast(ratio, aim, "")
	}
	b.table.row(r)
}
