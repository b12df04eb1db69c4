package feed

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func allSets(t testing.TB) map[string]set {
	return map[string]set{"odd": oddSet(), "examples": exampleSet(t), "empty": emptySet()}
}

func TestRenderGolden(t *testing.T) {
	for name, s := range allSets(t) {
		t.Run(name, func(t *testing.T) {
			got := &txtar.Archive{}
			for _, f := range Formats {
				got.Files = append(got.Files, txtar.File{Name: f.File(), Data: mustRender(t, s, f)})
			}
			golden := filepath.Join("testdata", name+".txtar")
			if *update {
				if err := os.WriteFile(golden, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(txtar.Format(got), want) {
				t.Errorf("%s is not what is rendered now; if the change is wanted, raise RendererVersion and run: go test ./feed -update", golden)
			}
		})
	}
}

// Render writes a whole document with one encoder, so this proves the seams.
func TestJoinIsRender(t *testing.T) {
	for name, s := range allSets(t) {
		for n := range len(s.posts) + 1 {
			part := set{s.category, s.posts[:n]}
			for _, f := range Formats {
				whole, parts := mustRender(t, part, f), joined(t, part, f)
				if !bytes.Equal(whole, parts) {
					t.Fatalf("%s, %s, %d posts: joined\n%s\nwhole\n%s", name, f, n, parts, whole)
				}
			}
		}
	}
}

func TestPreparedAgrees(t *testing.T) {
	s := oddSet()
	for _, p := range s.posts {
		all, err := renderEntries(s.category.Site, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range Formats {
			one, err := RenderEntry(s.category.Site, p, f)
			if err != nil || !bytes.Equal(one, all[f]) {
				t.Errorf("%s as %s: %v\n%s\n%s", p.ID, f, err, one, all[f])
			}
		}
	}
}

func TestRenderIsPure(t *testing.T) {
	for name, s := range allSets(t) {
		backwards := slices.Clone(s.posts)
		slices.Reverse(backwards)
		for _, f := range Formats {
			if !bytes.Equal(mustRender(t, s, f), mustRender(t, s, f)) {
				t.Errorf("%s: rendered twice as %s, it differs", name, f)
			}
			a, _, errA := renderFrame(s.category, DatesOfAll(s.posts), f)
			b, _, errB := renderFrame(s.category, DatesOfAll(backwards), f)
			if errA != nil || errB != nil || !bytes.Equal(a, b) {
				t.Errorf("%s: the frame of %s depends on the posts' order (%v, %v)", name, f, errA, errB)
			}
		}
	}
}

func TestRenderFailsOnUnknownMarkup(t *testing.T) {
	s := oddSet()
	s.posts[0].Markup = "troff"
	if _, err := Render(s.category, s.posts, RSS); err == nil || !strings.Contains(err.Error(), s.posts[0].ID) {
		t.Errorf("Render: %v, want an error that names the post", err)
	}
	if _, err := Prepare(s.category.Site, s.posts[0]); err == nil {
		t.Error("Prepare: no error")
	}
	if _, err := RenderEntry(s.category.Site, s.posts[0], JSON); err == nil {
		t.Error("RenderEntry: no error")
	}
}

func TestFeedsAreWellFormed(t *testing.T) {
	for name, s := range allSets(t) {
		for _, f := range Formats {
			if err := wellFormed(mustRender(t, s, f), f); err != nil {
				t.Errorf("%s, %s: %v", name, f, err)
			}
		}
	}
}

func wellFormed(b []byte, f Format) error {
	if f == JSON {
		return json.Unmarshal(b, new(map[string]any))
	}
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
