package feed

import (
	"encoding/json"
	"slices"
	"testing"
)

// difference is a reviewed case in which one reader finds something else than
// what is in the feed, and at least two others find what is in it.
type difference struct {
	reader  string
	formats []Format
	field   string
	posts   []string
	reason  string
}

// differences is the one table of them.
var differences = []difference{
	{
		"gofeed", []Format{RSS, JSON}, "authors",
		[]string{"author-address-only", "author-parentheses", "author-punctuation", "authors-three"},
		"takes a name apart where it has an @ or parentheses",
	},
	{
		"gofeed", []Format{Atom}, "published", []string{"undated"},
		"gives an entry without this date its other one, which Atom requires",
	},
	{
		"feedparser", []Format{RSS}, "authors", []string{"author-address-only", "authors-three"},
		"takes a dc:creator that is an address for an address without a name",
	},
	{
		"feedparser", []Format{RSS}, "authors", []string{"author-long-domain"},
		"knows no top-level domain of more than four letters, and cuts the address there",
	},
	{
		"feedparser", []Format{Atom}, "authors", []string{"authors-three"},
		"gives an author without an address the one before's",
	},
	{
		"feedparser", []Format{RSS}, "link", []string{"url-ampersands"},
		"resolves character references in a link twice",
	},
}

func (d difference) covers(v verdict, x exhibit, field string) bool {
	return d.reader == v.Reader && d.field == field && slices.Contains(d.formats, x.format) && slices.Contains(d.posts, x.name)
}

// gaps drops from what is wanted what a reader has no room for.
var gaps = map[string]func(reading) reading{
	// Its person has a name and an address.
	"gofeed": func(r reading) reading {
		r.Authors = slices.Clone(r.Authors)
		for i := range r.Authors {
			r.Authors[i].URL = ""
		}
		return r
	},
}

// field is a part of a reading, in a form that compares.
type field struct {
	name string
	of   func(reading) string
}

var fields = []field{
	{"id", func(r reading) string { return r.ID }},
	{"title", func(r reading) string { return r.Title }},
	{"link", func(r reading) string { return r.Link }},
	{"published", func(r reading) string { return moment(r.Published) }},
	{"updated", func(r reading) string { return moment(r.Updated) }},
	{"authors", func(r reading) string { return listed(r.Authors) }},
	{"categories", func(r reading) string { return listed(r.Categories) }},
	{"content", func(r reading) string { return r.Content }},
	{"enclosures", func(r reading) string { return listed(r.Enclosures) }},
}

func listed[T any](list []T) string {
	b, err := json.Marshal(list)
	if err != nil || len(list) == 0 {
		return ""
	}
	return string(b)
}

func TestDifferencesAreFew(t *testing.T) {
	if len(differences) > 15 {
		t.Errorf("there are %d rows", len(differences))
	}
	for _, d := range differences {
		if d.reason == "" || len(d.posts) == 0 || len(d.formats) == 0 {
			t.Errorf("a row on %s says too little: %+v", d.reader, d)
		}
	}
}
