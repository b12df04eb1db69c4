package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	h := newHost(t)
	if r := h.run("check"); r.code != exitNoDatabase {
		t.Errorf("without a database: exit %d: %s", r.code, r.err)
	}
	h.must(0, "post", "add", examplePosts(t))
	h.must(0, "republish")
	if r := h.run("check"); r.code != 0 || r.out != "" || !strings.Contains(r.err, "sound") {
		t.Errorf("without a daemon: exit %d: %s%s", r.code, r.out, r.err)
	}
	p := h.serve()
	if info := decode[[]string](h, "check"); len(info) != 0 {
		t.Errorf("with a daemon: %q", info)
	}
	p.stop()

	// One changed letter of a kept entry is what a disk does.
	path := filepath.Join(h.data, "syndic.db")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.ReplaceAll(file, []byte("<title>The Complete Checklist"), []byte("<title>The Complete Chocklist"))
	if bytes.Equal(file, damaged) {
		t.Fatal("the entry is not where it was expected")
	}
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	r := h.run("check", "--format", "json")
	if r.code != exitFailed || !strings.Contains(r.out, "the entry of post 2 is not what was published") || !oneMessage(r.err) {
		t.Errorf("damaged: exit %d: %s%s", r.code, r.out, r.err)
	}
}
