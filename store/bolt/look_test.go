package bolt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syndic/store"
)

// A look at the pages finds what is wrong with each kind of page, and nothing in
// a sound file.
func TestLook(t *testing.T) {
	whole := sample(t)
	path := filepath.Join(t.TempDir(), "x.db")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	write := func(data []byte) {
		t.Helper()
		if _, err := f.WriteAt(data, 0); err != nil {
			t.Fatal(err)
		}
	}
	write(whole)
	if problems, err := Look(path); err != nil || len(problems) > 0 {
		t.Fatalf("a sound file: %q (%v)", problems, err)
	}
	p, err := readPages(f, int64(len(whole)), t.Errorf)
	if err != nil {
		t.Fatal(err)
	}
	root := int(p.buckets()[inPost.String()].root)
	top, err := p.read(uint64(root), true)
	if err != nil || top.flags != branchFlag {
		t.Fatalf("the posts' first page is %v (%v), want a branch", top.flags, err)
	}
	leaf := int(top.child(0))
	for what, c := range map[string]struct {
		spoil func(data []byte)
		want  string
	}{
		"both metas":         {func(d []byte) { clear(d[:8192]) }, "neither of its two meta pages"},
		"a cleared leaf":     {func(d []byte) { clear(d[leaf*4096:][:4096]) }, "calls itself page 0"},
		"a misplaced page":   {func(d []byte) { copy(d[leaf*4096:][:4096], d[(leaf+1)*4096:]) }, "calls itself"},
		"an unknown kind":    {func(d []byte) { d[leaf*4096+8] = 0x55 }, "no known kind"},
		"too many rows":      {func(d []byte) { native.PutUint16(d[leaf*4096+10:], 60000) }, "its element"},
		"a row too long":     {func(d []byte) { native.PutUint32(d[leaf*4096+16+12:], 1<<30) }, "beyond its end"},
		"a page too long":    {func(d []byte) { native.PutUint32(d[leaf*4096+12:], 1<<30) }, "beyond the end of the file"},
		"a circle":           {func(d []byte) { native.PutUint64(d[root*4096+16+8:], uint64(root)) }, "more than one page leads to it"},
		"a branch too far":   {func(d []byte) { native.PutUint64(d[root*4096+16+8:], 1<<50) }, "not in the file"},
		"a branch of none":   {func(d []byte) { native.PutUint16(d[root*4096+10:], 0) }, "leads nowhere"},
		"the free list":      {func(d []byte) { d[int(p.meta.freelist)*4096+8] = leafFlag }, "list of free pages"},
		"free and in use":    {func(d []byte) { freeOne(d, int(p.meta.freelist)*4096, leaf) }, "in use and on the list"},
		"a free page beyond": {func(d []byte) { freeOne(d, int(p.meta.freelist)*4096, 1<<40) }, "not in the file"},
	} {
		data := append([]byte(nil), whole...)
		c.spoil(data)
		write(data)
		problems, err := Look(path)
		if err != nil || !strings.Contains(strings.Join(problems, "\n"), c.want) {
			t.Errorf("%s: %q (%v), want %q", what, problems, err, c.want)
		}
		if problems, err := Inspect(context.Background(), path); err == nil && len(problems) == 0 {
			t.Errorf("%s: the inspection finds nothing", what)
		}
	}
}

// freeOne makes the first page on the list of free ones another.
func freeOne(data []byte, list, page int) {
	if native.Uint16(data[list+10:]) == 0 {
		native.PutUint16(data[list+10:], 1)
	}
	native.PutUint64(data[list+headerSize:], uint64(page))
}

// An inspection changes nothing, reads beside other readers, and knows files
// that are not ours.
func TestInspect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	if problems, err := Inspect(t.Context(), path); !errors.Is(err, store.ErrNoDatabase) {
		t.Errorf("of nothing: %q (%v)", problems, err)
	}
	if err := os.WriteFile(path, sample(t), 0o400); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if problems, err := Inspect(t.Context(), path); err != nil || len(problems) > 0 {
		t.Errorf("of a sound file: %q (%v)", problems, err)
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file was changed (%v)", err)
	}
	s := mustOpen(t, filepath.Join(t.TempDir(), "newer.db"))
	setVersion(t, s, uint64(len(migrations))+5)
	if problems, err := Inspect(t.Context(), s.Path()); !errors.Is(err, store.ErrNewer) {
		t.Errorf("of a newer schema: %q (%v)", problems, err)
	}
	s = mustOpen(t, filepath.Join(t.TempDir(), "open.db"))
	if problems, err := Look(s.Path()); err != nil || len(problems) > 0 {
		t.Errorf("of one that is open: %q (%v)", problems, err)
	}
	check(t, s)
}
