package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// hugoVersion is the newest that builds with this module's Go.
const hugoVersion = "v0.165.0"

// hugo is a site of Hugo's that makes what syndic does, and nothing else: a
// feed of 50 posts in full for each category, though in one format.
type hugo struct{ binary, dir string }

const hugoConf = `baseURL = "http://127.0.0.1/"
title = "Bench"
disableKinds = ["home", "section", "taxonomy", "sitemap", "robotsTXT", "404"]
[outputs]
term = ["rss"]
[taxonomies]
category = "categories"
[[cascade]]
[cascade.build]
render = "link"
[cascade.target]
kind = "page"
`

const hugoFeed = `{{- printf "<?xml version=\"1.0\" encoding=\"utf-8\"?>" | safeHTML }}
<rss version="2.0"><channel><title>{{ .Title }}</title><link>{{ .Permalink }}</link><description>{{ .Title }}</description>
{{- range first 50 .Pages }}
<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link><guid>{{ .Permalink }}</guid><pubDate>{{ .PublishDate.Format "Mon, 02 Jan 2006 15:04:05 -0700" | safeHTML }}</pubDate><description>{{ .Content | transform.XMLEscape | safeHTML }}</description></item>
{{- end }}
</channel></rss>
`

// installHugo builds Hugo once, into the user's cache. It may take minutes.
func installHugo(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "syndic-bench", "hugo-"+hugoVersion)
	binary := filepath.Join(dir, "hugo")
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	progress("building Hugo %s, once", hugoVersion)
	cmd := exec.CommandContext(ctx, "go", "install", "-ldflags", "-s -w", "github.com/gohugoio/hugo@"+hugoVersion)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build Hugo %s: %w\n%s", hugoVersion, err, out)
	}
	return binary, nil
}

// newHugo makes the site around a folder of posts.
func (b *bench) newHugo(ctx context.Context, posts string) (*hugo, error) {
	binary, err := installHugo(ctx)
	if err != nil {
		return nil, err
	}
	h := &hugo{binary, filepath.Join(b.dir, "hugo")}
	layouts := filepath.Join(h.dir, "layouts")
	return h, errors.Join(
		os.MkdirAll(layouts, 0o755),
		os.WriteFile(filepath.Join(h.dir, "hugo.toml"), []byte(hugoConf), 0o644),
		os.WriteFile(filepath.Join(layouts, "term.rss.xml"), []byte(hugoFeed), 0o644),
		os.CopyFS(filepath.Join(h.dir, "content"), os.DirFS(posts)),
	)
}

func (h *hugo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, h.binary, append([]string{"build"}, args...)...)
	cmd.Dir = h.dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd
}

func (h *hugo) feed(category string) string {
	return filepath.Join(h.dir, "public", "categories", category, "index.xml")
}

// build makes every feed from nothing.
func (h *hugo) build(ctx context.Context, categories []string) (time.Duration, error) {
	if err := os.RemoveAll(filepath.Join(h.dir, "public")); err != nil {
		return 0, err
	}
	start := time.Now()
	if out, err := h.command(ctx).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("hugo build: %w\n%s", err, out)
	}
	took := time.Since(start)
	for _, c := range categories {
		text, err := os.ReadFile(h.feed(c))
		if err != nil {
			return 0, err
		}
		if n := bytes.Count(text, []byte("<item>")); n != 50 {
			return 0, fmt.Errorf("hugo build: the feed of %s has %d posts, not 50", c, n)
		}
	}
	return took, nil
}

// watch has Hugo look for changes until the context ends; it returns when Hugo
// does.
func (h *hugo) watch(ctx context.Context) (wait func() error, err error) {
	if err := os.RemoveAll(filepath.Join(h.dir, "public")); err != nil {
		return nil, err
	}
	cmd := h.command(ctx, "--watch")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	in := bufio.NewScanner(out)
	for in.Scan() {
		if strings.Contains(in.Text(), "Press Ctrl+C") {
			go io.Copy(io.Discard, out) //nolint:errcheck // it ends with Hugo
			return cmd.Wait, nil
		}
	}
	return nil, errors.Join(errors.New("hugo build --watch ended at once"), in.Err(), cmd.Wait())
}

// shows waits until a category's feed holds the text.
func (h *hugo) shows(ctx context.Context, category, text string) error {
	return eventually(ctx, "a change in Hugo's feed", func() (bool, error) {
		feed, err := os.ReadFile(h.feed(category))
		return err == nil && bytes.Contains(feed, []byte(text)), nil
	})
}

// eventually asks every millisecond until it hears yes.
func eventually(ctx context.Context, what string, ok func() (bool, error)) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for {
		if yes, err := ok(); yes || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			return fmt.Errorf("never came: %s", what)
		}
	}
}
