package main

import (
	"regexp"
	"strings"
	"time"
)

// entry is a comment of the example configuration and the keys below it.
type entry struct {
	text string
	keys []string // "window.posts: 50"
}

// configPage is syndic.yaml(5), made of the example configuration, which has
// every key with its default and a sentence; tests see to that.
func configPage(example string, day time.Time) string {
	p := newRoff("syndic.yaml", 5, day, "File Formats", "the configuration of syndic")
	p.section("SYNOPSIS")
	p.line("\\fI" + escape(defaultConfigFile) + "\\fR")
	p.section("DESCRIPTION")
	head, keys, _ := strings.Cut(example, "\n\n")
	p.paragraphs(regexp.MustCompile(`(?m)^# ?`).ReplaceAllString(head, ""))
	p.paragraph()
	p.fill("A key is written here with those above it: serve.fast_lane is the key fast_lane below serve.")
	p.section("KEYS")
	for _, e := range keyEntries(keys) {
		var terms []string
		for _, key := range e.keys {
			name, value, _ := strings.Cut(key, ": ")
			terms = append(terms, "\\fB"+escape(name)+"\\fR: "+escape(value))
		}
		p.items(terms, e.text)
	}
	p.section("SEE ALSO")
	p.line("\\fBsyndic\\fR(1),\n\\fBsyndic\\-config\\fR(1),\n\\fBsyndic\\-reload\\fR(1)")
	return p.String()
}

// keyEntries reads the example's comments and keys. The example of a category
// stands in comments and takes the place of the empty mapping.
func keyEntries(src string) []entry {
	src = strings.Replace(src, "\ncategories: {}\n#categories:", "\n#categories:", 1)
	var all []entry
	var path []string
	comment, above := "", "" // above is the key right above, if it has keys of its own
	inside, fresh := false, false
	for line := range strings.Lines(src) {
		line = strings.TrimRight(line, "\n")
		inside = inside && strings.HasPrefix(line, "#") || strings.HasPrefix(line, "#categories:")
		if inside {
			line = line[1:]
		}
		text := strings.TrimSpace(line)
		if words, ok := strings.CutPrefix(text, "#"); ok {
			if above != "" && comment != "" {
				all = append(all, entry{strings.TrimSpace(comment), []string{above + ": {}"}})
			}
			if fresh || above != "" {
				comment, above = "", ""
			}
			comment, fresh = comment+" "+strings.TrimSpace(words), false
			continue
		}
		key, value, ok := strings.Cut(text, ":")
		if !ok {
			continue
		}
		path = append(path[:(len(line)-len(strings.TrimLeft(line, " ")))/2], key)
		name := strings.Replace(strings.Join(path, "."), "categories.design", "categories.SLUG", 1)
		if value = strings.TrimSpace(value); value == "" {
			above = name
			if fresh {
				comment = ""
			}
			continue
		}
		above = ""
		if !fresh || len(all) == 0 {
			all = append(all, entry{text: strings.TrimSpace(comment)})
		}
		fresh = true
		last := &all[len(all)-1]
		last.keys = append(last.keys, name+": "+value)
	}
	return all
}
