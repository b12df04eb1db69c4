package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// examplePosts is the folder that the repository ships.
func examplePosts(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// article is a post of the category page that was the first real input.
type article struct {
	title  string
	blocks []string // headings and paragraphs, in order
}

// designPage reads that page: the category's name, then its posts, newest first.
func designPage(t *testing.T) (category string, posts []article) {
	t.Helper()
	text, err := os.ReadFile("testdata/category-design.txt")
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(string(text), "\n\n") {
		block = squeeze(block)
		name, isName := strings.CutPrefix(block, "Category: ")
		title, isTitle := strings.CutPrefix(block, "• ")
		switch {
		case block == "":
		case isName:
			category = name
		case isTitle:
			posts = append(posts, article{title: title})
		default:
			last := &posts[len(posts)-1]
			last.blocks = append(last.blocks, block)
		}
	}
	if category != "Design" || len(posts) != 10 {
		t.Fatalf("the page has %d posts of %q", len(posts), category)
	}
	return category, posts
}

// squeeze folds white space.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// textOf is what a reader sees of HTML, white space folded.
func textOf(t *testing.T, src string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
		if n.Data == "head" || n.Data == "style" {
			return
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(root)
	return squeeze(b.String())
}

// inOrder fails the test unless every want stands in text, after the one
// before it.
func inOrder(t *testing.T, where, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		i := strings.Index(text, want)
		if i < 0 {
			t.Fatalf("%s: %q is not there, or not in its place", where, want)
		}
		text = text[i+len(want):]
	}
}

// links are the targets of a page's links, in order.
func links(page string) []string {
	var all []string
	for _, m := range hrefs.FindAllStringSubmatch(page, -1) {
		all = append(all, html.UnescapeString(m[1]))
	}
	return all
}

var hrefs = regexp.MustCompile(`<a [^>]*href="([^"]*)"`)
