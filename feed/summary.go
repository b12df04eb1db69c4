package feed

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/net/html"
)

// Summarise cuts a plain-text summary of at most limit characters (grapheme
// clusters, UAX #29) from sanitised HTML: whole if it fits, else up to the end
// of a sentence in its second half, else up to a word, with "…", which counts.
func Summarise(html string, limit int) string {
	if limit <= 0 {
		return ""
	}
	text, ok := shortPlain(html, limit)
	if !ok {
		text = plain(html, limit)
	}
	if s, ok := shortCut(text, limit); ok {
		return s
	}
	return cut(text, limit)
}

// inline elements do not separate words; every other does.
var inline = map[string]bool{
	"a": true, "abbr": true, "b": true, "bdi": true, "bdo": true, "big": true, "cite": true, "code": true, "data": true,
	"del": true, "dfn": true, "em": true, "font": true, "i": true, "ins": true, "kbd": true, "mark": true, "q": true,
	"rp": true, "rt": true, "ruby": true, "s": true, "samp": true, "small": true, "span": true, "strike": true, "strong": true,
	"sub": true, "sup": true, "time": true, "tt": true, "u": true, "var": true, "wbr": true,
}

// plain returns the text of HTML with white space collapsed: all of it, or
// enough to cut limit characters from it.
func plain(src string, limit int) string {
	t := html.NewTokenizer(strings.NewReader(src))
	var w words
	skip := skipper{}
	for !w.enough(limit) {
		kind := t.Next()
		if kind == html.ErrorToken {
			break
		}
		tok := t.Token()
		if player[tok.Data] {
			w.gap = true
		}
		switch {
		case skip.over(tok):
		case kind == html.TextToken:
			w.add(tok.Data, limit)
		case !inline[tok.Data] && !partOfFormula(tok.Data):
			w.gap = true
		}
	}
	return w.b.String()
}

// words joins text with single spaces where there was white space.
type words struct {
	b     strings.Builder
	gap   bool
	ascii int // characters of ASCII that follow one: each is a cluster of its own
}

// enough tells whether limit characters can be cut: there are as many again to
// find the end of a sentence by. No real text has clusters of 64 bytes.
func (w *words) enough(limit int) bool {
	return w.ascii > 2*limit+64 || w.b.Len() >= 64*(limit+16)
}

func (w *words) add(text string, limit int) {
	last := rune(utf8.RuneError)
	for text = Clean(text); text != ""; {
		r, size := utf8.DecodeRuneInString(text)
		if gap(r) {
			w.gap = true
			text = text[size:]
			continue
		}
		if w.gap && w.b.Len() > 0 {
			w.b.WriteByte(' ')
		}
		w.gap = false
		if n := asciiWord(text[:min(len(text), w.lacking(limit))]); n > 0 && last < utf8.RuneSelf {
			size = n
			w.ascii += n
		} else if r < utf8.RuneSelf && last < utf8.RuneSelf {
			w.ascii++
		}
		w.b.WriteString(text[:size])
		text = text[size:]
		if r < utf8.RuneSelf && last < utf8.RuneSelf && w.enough(limit) {
			return
		}
		last = r
	}
}

// lacking is how many more characters of ASCII are not yet enough.
func (w *words) lacking(limit int) int {
	return max(0, min(2*limit+64-w.ascii, 64*(limit+16)-1-w.b.Len()))
}

// asciiWord is how many bytes of ASCII come before a gap.
func asciiWord(text string) int {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7F {
			return i
		}
	}
	return len(text)
}

// gap tells white space and control characters, which decoded entities may be.
func gap(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7F
	}
	return unicode.IsSpace(r) || unicode.IsControl(r)
}

// player elements hold words for those only who cannot play what they show.
var player = map[string]bool{"audio": true, "video": true}

// skipper leaves out elements that are not the text's own words: scripts,
// styles, the excuses of players, and the marks and bodies of footnotes.
type skipper struct {
	name  string // the element that is being skipped
	depth int    // how many of that name are open
}

func (s *skipper) over(t html.Token) bool {
	switch {
	case s.depth > 0 && t.Data == s.name && t.Type == html.StartTagToken:
		s.depth++
	case s.depth > 0 && t.Data == s.name && t.Type == html.EndTagToken:
		s.depth--
	case s.depth > 0:
	case t.Type == html.StartTagToken && (removed[t.Data] || player[t.Data] || footnote(t)):
		s.name, s.depth = t.Data, 1
		// A void element has no end tag to wait for.
		if void[t.Data] {
			s.depth = 0
		}
	default:
		return t.Type == html.CommentToken
	}
	return true
}

// void are the elements among removed that hold nothing (HTML §13.1.2).
var void = map[string]bool{"base": true, "embed": true, "frame": true, "input": true, "link": true, "meta": true, "param": true}

func footnote(t html.Token) bool {
	for _, a := range t.Attr {
		if a.Key == "class" && (a.Val == "footnote-ref" || a.Val == "footnotes") {
			return true
		}
	}
	return false
}

// cut shortens text, whose white space is single spaces.
func cut(text string, limit int) string {
	rest, state := text, -1
	n, at, sentence, word, char := 0, 0, 0, 0, 0
	for rest != "" && n <= limit {
		var cluster string
		var bounds int
		cluster, rest, bounds, state = uniseg.StepString(rest, state)
		n, at = n+1, at+len(cluster)
		shown := n
		if cluster == " " {
			shown--
		}
		if shown <= limit && shown*2 >= limit && bounds&uniseg.MaskSentence != 0 {
			sentence = at
		}
		if shown < limit && bounds&uniseg.MaskWord != 0 {
			word = at
		}
		if n < limit {
			char = at
		}
	}
	if rest == "" && n <= limit {
		return text
	}
	if sentence > 0 {
		return strings.TrimSpace(text[:sentence])
	}
	if word == 0 {
		word = char
	}
	return upTo(text, word)
}

// upTo is text cut after a word.
func upTo(text string, word int) string {
	return strings.TrimRight(text[:word], " ,;:–—-([{") + "…"
}
