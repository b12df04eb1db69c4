package main

import (
	"fmt"
	"strings"
	"time"
)

// roff is a manual page under way, in the man(7) language.
type roff struct {
	strings.Builder
	begun bool // the section has text
}

// roffWidth is how long a line of a page's source is at most.
const roffWidth = 72

func newRoff(name string, section int, day time.Time, volume, summary string) *roff {
	p := &roff{}
	fmt.Fprintf(p, ".TH %s %d %s \"syndic %s\" \"%s\"\n", strings.ToUpper(escape(name)), section, day.Format(time.DateOnly), buildVersion().Version, volume)
	p.section("NAME")
	p.set(escape(name) + " \\- " + escape(summary))
	return p
}

// escape takes their meaning from characters that have one. A hyphen stays
// what people type.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "\t", "    ", "‘", "'", "’", "'").Replace(text)
}

// line writes source; a dot or a quote at its beginning would be a request.
func (p *roff) line(source string) {
	if strings.HasPrefix(source, ".") || strings.HasPrefix(source, "'") {
		p.WriteString(`\&`)
	}
	p.WriteString(source + "\n")
}

func (p *roff) section(name string) {
	p.WriteString(".SH " + name + "\n")
	p.begun = false
}

// paragraph begins one, unless the section does that.
func (p *roff) paragraph() {
	if p.begun {
		p.WriteString(".PP\n")
	}
	p.begun = true
}

// fill writes text in lines that are not too long.
func (p *roff) fill(text string) { p.set(escape(text)) }

// set is fill for source.
func (p *roff) set(source string) {
	line := ""
	for _, word := range strings.Fields(source) {
		if line != "" && len(line)+1+len(word) > roffWidth {
			p.line(line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		p.line(line)
	}
}

// paragraphs writes text in which an empty line separates paragraphs. One whose
// lines are indented is set as it is.
func (p *roff) paragraphs(text string) {
	for _, part := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(part, "  ") {
			p.verbatim(part)
			continue
		}
		p.paragraph()
		p.fill(part)
	}
}

// verbatim writes lines as they are.
func (p *roff) verbatim(text string) {
	p.paragraph()
	p.WriteString(".RS 4\n.nf\n")
	for line := range strings.Lines(strings.Trim(text, "\n") + "\n") {
		p.line(escape(strings.TrimPrefix(strings.TrimRight(line, "\n"), "  ")))
	}
	p.WriteString(".fi\n.RE\n")
}

// item writes a term, which is source, and what it means.
func (p *roff) item(term, text string) { p.items([]string{term}, text) }

// items writes terms that mean one thing.
func (p *roff) items(terms []string, text string) {
	for i, term := range terms {
		if i == 0 {
			p.WriteString(".TP\n")
		} else {
			p.WriteString(".TQ\n")
		}
		p.line(term)
	}
	p.fill(text)
}
