package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"syndic/control"
)

// folder writes many small posts, each category's beside the others'.
func (h *host) folder(n int) string {
	h.t.Helper()
	for i := range n {
		h.write(fmt.Sprintf("posts/%d/p%05d.md", i%7, i), fmt.Sprintf("---\ntitle: Post %d\ncategory: C%d\n---\ntext %d\n", i, i%7, i))
	}
	return filepath.Join(h.dir, "posts")
}

// posts is how many posts the daemon has.
func (h *host) posts() int { return len(h.postFiles()) }

// postFiles are those of the daemon's posts, in the order of their numbers.
func (h *host) postFiles() (list []string) {
	h.t.Helper()
	c := control.Dial(filepath.Join(h.data, socketName))
	defer c.Close()
	for p, err := range c.Posts(h.t.Context(), control.PostQuery{}) {
		if err != nil {
			h.t.Fatal(err)
		}
		list = append(list, p.File)
	}
	return list
}

// unending writes so many posts, the last of which is not added before release is
// called: however slow a test is, it meets the command in the middle.
func (h *host) unending(n int) (folder string, release func()) {
	h.t.Helper()
	answers, free := make(chan struct{}), sync.Once{}
	release = func() { free.Do(func() { close(answers) }) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-answers:
			files(w, r)
		case <-r.Context().Done():
		}
	}))
	h.t.Cleanup(server.Close)
	h.t.Cleanup(release)
	folder = h.folder(n - 1)
	h.write("posts/7/last.md", fmt.Sprintf("---\ntitle: The last\nattachments: [{url: %q}]\n---\n", server.URL+"/head.mp3"))
	return folder, release
}

// Whether it is asked to stop or killed: what is in stays, the next run goes on
// from there, and one more changes nothing.
func TestAddInterrupted(t *testing.T) {
	const files = 8 * batchPosts
	h := newHost(t, `schedule: "@daily"`)
	h.serve()
	folder, release := h.unending(files)
	for in, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		p := h.start(h.command(context.Background(), "post", "add", folder))
		for h.posts() <= in*batchPosts {
			runtime.Gosched()
		}
		p.signal(s)
		code := p.wait(patience)
		if s == syscall.SIGKILL {
			continue
		}
		want := fmt.Sprintf("syndic: interrupted: %d of %d files are in: run it again to go on\n", h.posts(), files)
		if code != exitInterrupted || !strings.HasSuffix(p.log.String(), want) {
			t.Errorf("exit %d\n%s, want at its end\n%s", code, p.log, want)
		}
	}
	before := h.posts() // and perhaps what the daemon has at hand
	if before >= files || before == 0 {
		t.Fatalf("%d posts are in: it was not in the middle", before)
	}
	release()
	r := h.run("post", "add", folder)
	var added, unchanged int
	_, summary, _ := strings.Cut(r.err, "syndic: ")
	_, err := fmt.Sscanf(summary, "%d added, 0 changed, %d unchanged, 0 skipped, 0 rejected", &added, &unchanged)
	if r.code != 0 || err != nil || added+unchanged != files || unchanged < before || unchanged > before+batchPosts {
		t.Errorf("%d were in; again: exit %d: %s", before, r.code, r.err)
	}
	seq := decode[control.StatusInfo](h, "status").Seq
	rows := decode[[]control.AddResult](h, "post", "add", folder)
	for i, row := range rows {
		if row.Status != control.Unchanged || i > 0 && row.File <= rows[i-1].File {
			t.Errorf("once more: row %d is %+v", i, row)
		}
	}
	if now := decode[control.StatusInfo](h, "status").Seq; len(rows) != files || now != seq {
		t.Errorf("once more: %d rows, the store went from %d to %d", len(rows), seq, now)
	}
}

// A refused file is in its place among the others, whatever batch it is near.
func TestAddKeepsTheOrder(t *testing.T) {
	h := newHost(t)
	folder := h.folder(30)
	bad := h.write("posts/3/a.md", "---\ntitle: [\n---\n")
	rows := decode[[]control.AddResult](h, "post", "add", folder)
	if len(rows) != 31 {
		t.Fatalf("%d rows, want 31", len(rows))
	}
	for i, row := range rows {
		if rejected := row.Status == control.Rejected; rejected != (row.File == bad) || i > 0 && row.File <= rows[i-1].File {
			t.Errorf("row %d is %+v", i, row)
		}
	}
}

// fileNames are the results' files without their folders.
func fileNames(rows []control.AddResult) (list []string) {
	for _, row := range rows {
		list = append(list, filepath.Base(row.File))
	}
	return list
}

// Posts have their numbers, by which those of one date are sorted, in the order
// of their files, however many batches are on their way at a time.
func TestAddKeepsTheOrderOfBatches(t *testing.T) {
	for _, daemon := range []bool{false, true} {
		h := newHost(t)
		if daemon {
			h.serve()
		}
		want := fileNames(decode[[]control.AddResult](h, "post", "add", h.folder(2*batchPosts)))
		if !daemon {
			h.serve()
		}
		if got := h.postFiles(); len(got) != 2*batchPosts || !slices.Equal(got, want) {
			t.Errorf("with a daemon %t: %d posts are in, not in the order of %d files", daemon, len(got), len(want))
		}
	}
}

// A daemon that goes away in the middle leaves whole batches. The command says
// what is known to be in, which may be nothing, and that the daemon is gone; the
// next run goes on from there.
func TestAddLosesTheDaemon(t *testing.T) {
	const files = 8 * batchPosts
	h := newHost(t, `schedule: "@daily"`)
	daemon := h.serve()
	folder, release := h.unending(files)
	p := h.start(h.command(context.Background(), "post", "add", folder))
	for h.posts() == 0 {
		runtime.Gosched()
	}
	daemon.kill()
	if code := p.wait(patience); code != exitFailed {
		t.Errorf("exit %d", code)
	}
	says := regexp.MustCompile(`syndic: (?:the daemon broke off: |no daemon answers at ).*; ([0-9]+) of ` + strconv.Itoa(files) + ` files are known to be in, and another run goes on from there\n$`)
	told := says.FindStringSubmatch(p.log.String())
	if told == nil {
		t.Fatalf("it says\n%s", p.log)
	}
	release()
	h.serve()
	in := h.posts()
	if said, _ := strconv.Atoi(told[1]); in < said || in > said+batchPosts || in == files || in%firstPosts != 0 {
		t.Errorf("it says that %d posts are in, and %d are", said, in)
	}
	if said := fmt.Sprintf("%s added, 0 changed", told[1]); (told[1] == "0") == strings.Contains(p.log.String(), said) {
		t.Errorf("%s are in, and it says\n%s", told[1], p.log)
	}
	rows := decode[[]control.AddResult](h, "post", "add", folder)
	if got := h.postFiles(); len(rows) != files || !slices.Equal(got, fileNames(rows)) {
		t.Errorf("%d posts are in, not in the order of %d files", len(got), len(rows))
	}
}

// A daemon that goes away before its first answer may have taken files in, which
// nobody knows: the command says so, and what to do.
func TestAddWithoutAnAnswer(t *testing.T) {
	h := newHost(t)
	folder := h.folder(2)
	if err := os.Mkdir(h.data, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(h.data, socketName))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.Close()
		}
	}()
	for path, want := range map[string]string{
		folder:                               `^syndic: the daemon broke off: .*; 0 of 2 files are known to be in, and another run goes on from there\n$`,
		filepath.Join(folder, "0/p00000.md"): `^syndic: the daemon broke off: .*: try again, or look at its log\n$`,
	} {
		if r := h.run("post", "add", path); r.code != exitFailed || r.out != "" || !regexp.MustCompile(want).MatchString(r.err) {
			t.Errorf("%s: exit %d\n%s%s", path, r.code, r.out, r.err)
		}
	}
}

// Of two files with one slug in a folder the second is refused, however far they
// are apart, again with each run, and what the first says stays.
func TestAddTwoFilesOfOneName(t *testing.T) {
	h := newHost(t)
	h.serve()
	folder := h.folder(2 * firstPosts)
	first, second := h.write("posts/0/readme.md", "# First\n"), h.write("posts/9/readme.md", "# Second\n")
	h.write("posts/9/copy/readme.md", "# First\n")
	for _, code := range []int{exitPartly, exitPartly} {
		r := h.run("post", "add", folder)
		if r.code != code || !strings.Contains(r.err, second+`: it has the slug "readme", as `+first+" has: give one of them a slug of its own\n") {
			t.Errorf("exit %d\n%s", r.code, r.err)
		}
		if p := decode[control.PostInfo](h, "post", "show", "readme"); p.Title != "First" || p.Revision != 1 {
			t.Errorf("%+v", p)
		}
	}
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Dir(h.write("posts/9/copy/readme.md", ""))); err != nil {
		t.Fatal(err)
	}
	h.must(0, "post", "add", folder)
	if p := decode[control.PostInfo](h, "post", "show", "readme"); p.Title != "Second" {
		t.Errorf("the other file has gone: %+v", p)
	}
}

// Several files and folders go in together, each file once; a place that is not
// there ends it before anything is in.
func TestAddSeveralPlaces(t *testing.T) {
	h := newHost(t)
	folder, file := h.folder(3), h.write("more/one.md", "# One\n")
	if r := h.run("post", "add", folder, file, filepath.Join(h.dir, "nowhere")); r.code != exitFailed || !strings.Contains(r.err, "nowhere") {
		t.Errorf("exit %d\n%s", r.code, r.err)
	}
	h.must(exitNoDatabase, "post", "list")
	rows := decode[[]control.AddResult](h, "post", "add", file, folder, file)
	if len(rows) != 4 || rows[0].File != file || rows[1].Status != control.Added {
		t.Errorf("%+v", rows)
	}
	if r := h.run("post", "add", "--watch", folder, file); r.code != exitUsage || !strings.Contains(r.err, "one file or folder") {
		t.Errorf("--watch: exit %d\n%s", r.code, r.err)
	}
	if r := h.run("post", "add", "--category", "A, B", file); r.code != 0 || !strings.Contains(r.err, `--category "A, B" is one name`) {
		t.Errorf("--category: exit %d\n%s", r.code, r.err)
	}
}

// Pipes have no name that means anything: each is a post of its own title.
func TestAddPipes(t *testing.T) {
	h := newHost(t)
	for _, title := range []string{"One", "Two"} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := write.WriteString("# " + title + "\n"); err != nil {
			t.Fatal(err)
		}
		_ = write.Close()
		cmd := h.command(t.Context(), "--format", "json", "post", "add", "/dev/fd/3")
		cmd.ExtraFiles = []*os.File{read}
		if r := h.finish(cmd, ""); r.code != 0 || !strings.Contains(r.out, `"slug": "`+strings.ToLower(title)+`"`) {
			t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
		}
		_ = read.Close()
	}
	if n := len(decode[[]control.PostInfo](h, "post", "list")); n != 2 {
		t.Errorf("%d posts", n)
	}
}
