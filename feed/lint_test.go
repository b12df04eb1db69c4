package feed

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// lintedAt is where the feeds of the archives say that they are.
const lintedAt = "https://example.org/feed"

var escapedByte = regexp.MustCompile(`\\x[0-9a-f]{2}`)

// breakFeed applies a change to a good feed.
func breakFeed(t *testing.T, good, change string) []byte {
	t.Helper()
	parts := strings.Split("\n"+change, "\n=>")
	if len(parts)%2 != 0 {
		t.Fatalf("%d parts in:\n%s", len(parts), change)
	}
	for i := 0; i < len(parts); i += 2 {
		before, after := strings.TrimPrefix(parts[i], "\n"), strings.TrimPrefix(strings.TrimSuffix(parts[i+1], "\n"), "\n")
		if strings.Count(good, before) != 1 {
			t.Fatalf("%q stands %d times in the good feed", before, strings.Count(good, before))
		}
		good = strings.Replace(good, before, after, 1)
	}
	good = strings.ReplaceAll(good, "<x:deep/>", strings.Repeat("<x:more>", 300)+strings.Repeat("</x:more>", 300))
	return []byte(escapedByte.ReplaceAllStringFunc(good, func(s string) string {
		n, _ := strconv.ParseUint(s[2:], 16, 8)
		return string([]byte{byte(n)})
	}))
}

func archive(t testing.TB, name string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", "lint", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if a.Files[0].Name != "good" {
		t.Fatalf("%s begins with %q", name, a.Files[0].Name)
	}
	return a
}

// Each rule has a feed that breaks it, and is refused for nothing else.
func TestEachRule(t *testing.T) {
	broken := map[string]bool{}
	for _, f := range Formats {
		a := archive(t, f.String())
		good := string(a.Files[0].Data)
		if found := LintAt(f, []byte(good), lintedAt); len(found) > 0 {
			t.Fatalf("the good feed in %s: %v", f, found)
		}
		for _, file := range a.Files[1:] {
			t.Run(f.String()+"/"+file.Name, func(t *testing.T) {
				rule, _, _ := strings.Cut(file.Name, ":")
				broken[rule] = true
				b := breakFeed(t, good, string(file.Data))
				found := Lint(f, b)
				if rule == "self-differs" {
					found = LintAt(f, b, lintedAt)
				}
				if len(found) != 1 || found[0].Rule != rule {
					t.Fatalf("findings %v, want one of %s", found, rule)
				}
				checkFinding(t, found[0])
			})
		}
	}
	for name := range rules {
		if !broken[name] {
			t.Errorf("no feed breaks %s", name)
		}
	}
}

func checkFinding(t *testing.T, f Finding) {
	t.Helper()
	r, ok := RuleNamed(f.Rule)
	switch {
	case !ok || r.Severity != f.Severity || r.Source == "" || r.Text == "":
		t.Errorf("%v: the table has %+v", f, r)
	case f.Message == "" || strings.Contains(f.Message, "%!") || strings.ContainsAny(f.Message, "\n\r"):
		t.Errorf("a message is %q", f.Message)
	case f.Line < 0 || f.Line > 0 && f.Column < 1:
		t.Errorf("%v is at line %d, column %d", f, f.Line, f.Column)
	}
}

func TestRuleNames(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)+$`)
	for name, r := range rules {
		if !form.MatchString(name) || r.Severity != Error && r.Severity != Warning {
			t.Errorf("%q is %+v", name, r)
		}
	}
	if _, ok := RuleNamed("rss-ttl "); ok {
		t.Error("a rule is found by another name")
	}
}

func TestWhere(t *testing.T) {
	for _, c := range []struct {
		f      Format
		b      string
		where  string
		string string
	}{
		{RSS, "<rss version=\"2.0\">\n <é><channel é='1'/></é></rss>", "line 2, column 2", "rss-unknown-element at line 2, column 2: "},
		{RSS, "<rss version='2.0'>\r\n\r\n<ttl/></rss>", "line 3, column 1", "rss-unknown-element at line 3, column 1: "},
		{Atom, "<feed>", "line 1, column 1", "xml-well-formed at line 1, column 1: "},
		{Atom, "", "line 1, column 1", "xml-well-formed at line 1, column 1: "},
		{JSON, "{\n \"é\":}", "line 2, column 6", "json-syntax at line 2, column 6: "},
		{JSON, "", "line 1, column 1", "json-syntax at line 1, column 1: "},
		{JSON, `{"version": 1, "title": "", "items": [], "home_page_url": "x:y", "feed_url": "x:y"}`, "/version", "json-type at /version: "},
		{JSON, `{"a~b/c": 1}`, "/a~0b~1c", "json-unknown-key at /a~0b~1c: "},
	} {
		found := Lint(c.f, []byte(c.b))
		if i := slices.IndexFunc(found, func(f Finding) bool { return f.Where() == c.where }); i < 0 || !strings.HasPrefix(found[i].String(), c.string) {
			t.Errorf("%s %q: %v, want one at %s", c.f, c.b, found, c.where)
		}
	}
	if f := (Finding{Rule: "a", Message: "b"}); f.String() != "a: b" {
		t.Errorf("a finding without a place is %q", f)
	}
}

// What is known and accepted of our own feeds: the odd posts are odd.
var ownWarnings = map[string][]string{
	"odd/rss":    {"date-implausible", "text-replacement"},
	"odd/atom":   {"atom-text-markup", "date-implausible", "text-replacement"},
	"odd/json":   {"date-implausible", "json-text-markup", "text-replacement"},
	"empty/atom": {"date-implausible"}, // it is as old as its category, which has no date in the set
}

func TestOwnFeedsAreGood(t *testing.T) {
	for name, s := range allSets(t) {
		for _, f := range Formats {
			found := LintAt(f, mustRender(t, s, f), s.category.Site.Topic(s.category, f))
			if got := ruleNames(found); !slices.Equal(got, ownWarnings[name+"/"+f.String()]) {
				t.Errorf("%s as %s: %v", name, f, found)
			}
			for _, finding := range found {
				if finding.Severity == Error {
					t.Errorf("%s as %s: %v", name, f, finding)
				}
			}
		}
	}
}

// ruleNames are those that are broken, each once.
func ruleNames(found []Finding) []string {
	var names []string
	for _, f := range found {
		names = append(names, f.Rule)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// The examples of RFC 4287 §1.1 and of JSON Feed 1.1 are beyond reproach, but
// for what the W3C's validator has to say to the first.
func TestExamplesOfTheSpecifications(t *testing.T) {
	for file, want := range map[string][]string{
		"rfc4287-brief.xml":     {"atom-self"},
		"rfc4287-extended.xml":  nil,
		"jsonfeed-simple.json":  nil,
		"jsonfeed-podcast.json": nil,
	} {
		b, err := os.ReadFile(filepath.Join("testdata", "lint", file))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Detect(b, "")
		if err != nil {
			t.Fatal(err)
		}
		if found := Lint(f, b); !slices.Equal(ruleNames(found), want) {
			t.Errorf("%s: %v, want %v", file, found, want)
		}
	}
}

// inParts lints a feed as the publication step can: entry by entry, then the
// rest.
func inParts(t testing.TB, s set, f Format, entries [][]byte, self string) []Finding {
	t.Helper()
	head, tail, err := renderFrame(s.category, DatesOfAll(s.posts), f)
	if err != nil {
		t.Fatal(err)
	}
	line := bytes.Count(head, []byte("\n")) + 1
	var all []Finding
	var facts []Facts
	for i, e := range entries {
		found, fact := LintEntry(f, e)
		facts = append(facts, fact)
		for _, finding := range found {
			if f == JSON {
				finding.Pointer = fmt.Sprintf("/items/%d%s", i, finding.Pointer)
			} else if finding.Line > 0 {
				finding.Line += line
			}
			all = append(all, finding)
		}
		line += bytes.Count(e, []byte("\n")) + 1
	}
	return append(all, LintFrame(f, head, tail, self, facts)...)
}

// sameFindings compares without regard to order.
func sameFindings(a, b []Finding) bool {
	key := func(x, y Finding) int { return strings.Compare(fmt.Sprintf("%+v", x), fmt.Sprintf("%+v", y)) }
	a, b = slices.SortedFunc(slices.Values(a), key), slices.SortedFunc(slices.Values(b), key)
	return slices.Equal(a, b)
}

func TestPartsAreTheWhole(t *testing.T) {
	for name, s := range allSets(t) {
		for _, f := range Formats {
			head, tail, err := renderFrame(s.category, DatesOfAll(s.posts), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, edit := range []struct{ old, new string }{
				{"", ""}, {"tag:", "not a tag:"}, {"T08:00", "T99:00"}, {" Sep 2026", " Sep 2025"},
				{`isPermaLink="false"`, ""}, {"published", "publisht"}, {`"url"`, `"URL"`}, {"https:", "//"}, {"author>", "editor>"},
			} {
				var entries [][]byte
				for _, p := range s.posts {
					e, err := RenderEntry(s.category.Site, p, f)
					if err != nil {
						t.Fatal(err)
					}
					entries = append(entries, bytes.ReplaceAll(e, []byte(edit.old), []byte(edit.new)))
				}
				if len(entries) > 2 {
					entries[2] = entries[1] // the same id, the same date
				}
				whole := LintAt(f, Join(f, head, entries, tail), "https://elsewhere.example/")
				if parts := inParts(t, s, f, entries, "https://elsewhere.example/"); !sameFindings(whole, parts) {
					t.Errorf("%s as %s, %q for %q: the parts\n%v\nthe whole\n%v", name, f, edit.new, edit.old, parts, whole)
				}
			}
		}
	}
}

func TestFrameDeclaresPrefixes(t *testing.T) {
	s := oddSet()
	head, tail, err := renderFrame(s.category, DatesOfAll(s.posts), RSS)
	if err != nil {
		t.Fatal(err)
	}
	head = bytes.Replace(head, []byte("xmlns:dc="), []byte("xmlns:cd="), 1)
	_, facts := LintEntry(RSS, []byte("<item><title>a</title><guid>https://a.example/</guid><dc:creator>b</dc:creator></item>"))
	if found := LintFrame(RSS, head, tail, "", []Facts{facts, facts}); !slices.Equal(ruleNames(found), []string{"rss-guid-twice", "xml-prefix"}) {
		t.Errorf("found %v", found)
	}
}

func TestAdvertised(t *testing.T) {
	s := oddSet()
	for _, f := range Formats {
		self, hubs := Advertised(f, mustRender(t, s, f))
		if self != s.category.Site.Topic(s.category, f) || !slices.Equal(hubs, *s.category.Hubs) {
			t.Errorf("%s is at %q with %q", f, self, hubs)
		}
		if self, hubs := Advertised(f, []byte("<")); self != "" || hubs != nil {
			t.Errorf("what is no %s is at %q with %q", f, self, hubs)
		}
	}
}

func TestFindingsEnd(t *testing.T) {
	b := []byte("<rss version='2.0'><channel>" + strings.Repeat("<a/>\n", 5000) + "</channel></rss>")
	if n := len(Lint(RSS, b)); n != maxFindings {
		t.Errorf("%d findings", n)
	}
}

func BenchmarkLint(b *testing.B) {
	s := exampleSet(b)
	for _, f := range Formats {
		data := mustRender(b, s, f)
		b.Run(f.String(), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				Lint(f, data)
			}
		})
		entry, err := RenderEntry(s.category.Site, s.posts[0], f)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(f.String()+"-entry", func(b *testing.B) {
			b.SetBytes(int64(len(entry)))
			for b.Loop() {
				LintEntry(f, entry)
			}
		})
	}
}

// What is linted is what was rendered, whatever a post holds.
func FuzzLintRendered(f *testing.F) {
	f.Add("tag:a,2026:b", "Title", "Body *with* [link](x)", "Summary", "tag", "Name", "a@b", "https://x.example/p", "en", false, int64(0))
	f.Add("id\x00", "]]>\xff\ufffe", "]]> <![CDATA[ \x1b &#0; <p title=']]>'>", "<b>&amp;", "\x01", "\r\n", "@", "javascript:x", "x y", true, int64(1)<<60)
	f.Add("", "", "", "", "", "", "", "://", "-", false, int64(-1)<<60)
	f.Fuzz(func(t *testing.T, id, title, body, summary, tag, name, email, link, lang string, html bool, unix int64) {
		s := oddSet()
		p := Post{
			Num: 1, ID: PostID("weaver.example", time.Unix(0, 0), id, 0), Slug: "p", Title: title, Body: body, Summary: summary,
			Tags: []string{tag, tag + "2"}, URL: link, Lang: lang, Authors: []Person{{Name: name, Email: email, URL: link}},
			Attachments: []Attachment{{URL: link, Type: tag, Title: title}}, Image: link, Comments: link,
			Origin: Origin{Title: title, URL: link}, License: link, InReplyTo: link,
			Labels: []Label{{Slug: "c", Title: tag}}, Published: time.Unix(unix, 0), Markup: Markdown,
		}
		if html {
			p.Markup = HTML
		}
		s.posts = []Post{p}
		all, err := renderEntries(s.category.Site, p)
		if err != nil {
			return // a body that no parser reads twice alike
		}
		for _, f := range Formats {
			b := mustRender(t, s, f)
			self := s.category.Site.Topic(s.category, f)
			whole := LintAt(f, b, self)
			for _, finding := range whole {
				checkFinding(t, finding)
				if finding.Severity == Error {
					t.Errorf("%s: %v", f, finding)
				}
			}
			if parts := inParts(t, s, f, [][]byte{all[f]}, self); !sameFindings(whole, parts) {
				t.Errorf("%s: the parts\n%v\nthe whole\n%v", f, parts, whole)
			}
		}
	})
}

// The linter ends, and finds no rule that is not in the table.
func FuzzLint(f *testing.F) {
	for _, format := range Formats {
		a, err := txtar.ParseFile(filepath.Join("testdata", "lint", format.String()+".txtar"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(format), a.Files[0].Data)
	}
	f.Add(uint8(RSS), []byte("<rss><channel><item/><image/><skipDays/><cloud/></channel>"))
	f.Add(uint8(Atom), []byte("\xFF\xFE<\x00f\x00>\x00"))
	f.Add(uint8(JSON), []byte(`{"items":[{"authors":[1,{}],"attachments":[null]}],"items":7}`))
	f.Fuzz(func(t *testing.T, kind uint8, b []byte) {
		format := Formats[int(kind)%len(Formats)]
		for _, finding := range LintAt(format, b, lintedAt) {
			checkFinding(t, finding)
		}
		found, facts := LintEntry(format, b)
		for _, finding := range append(found, LintFrame(format, b, nil, "", []Facts{facts})...) {
			checkFinding(t, finding)
		}
		Advertised(format, b)
		_, _ = Detect(b, "")
	})
}
