package feed

import (
	"cmp"
	"strings"

	"github.com/rivo/uniseg"
)

// shortPlain is plain without a parser, for the tags that the shortcut takes.
// It gives up at anything else.
func shortPlain(src string, limit int) (string, bool) {
	var w words
	w.b.Grow(max(0, min(len(src), 2*limit+128)))
	for src != "" && !w.enough(limit) {
		end := strings.IndexByte(src, '<')
		if end == 0 {
			name, length := skipTag(src)
			if length == 0 {
				return "", false
			}
			src = src[length:]
			w.gap = w.gap || !inline[name]
			continue
		}
		if end < 0 {
			end = len(src)
		}
		text, ok := unescaped(src[:end], usualReferences)
		if !ok {
			return "", false
		}
		w.add(text, limit)
		src = src[end:]
	}
	return w.b.String(), true
}

// skipTag returns the name and the length of a tag of which nothing else is to
// be known; 0 for every other.
func skipTag(src string) (name string, length int) {
	rest, ends := strings.CutPrefix(src[1:], "/")
	name = tagName(rest)
	if _, known := usual[name]; !known {
		return "", 0
	}
	rest = rest[len(name):]
	for !ends && len(rest) > 1 && rest[0] == ' ' && rest[1] != '/' {
		key, value := rest[1:], ""
		if i := strings.IndexByte(key, '"'); i >= 0 {
			key, value = key[:i], key[i+1:]
		}
		end := strings.IndexByte(value, '"')
		key, ok := strings.CutSuffix(key, "=")
		if end < 0 || !ok || !madeOf(key, "-") || strings.EqualFold(key, "class") && !codeLanguage(value[:end]) {
			return "", 0
		}
		rest = value[end+1:]
	}
	if !ends {
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, " "), "/")
	}
	if !strings.HasPrefix(rest, ">") {
		return "", 0
	}
	return name, len(src) - len(rest) + 1
}

// shortCut is cut for text of letters that nothing combines with, each of which
// is a character. It looks for the ends of sentences and words only where they
// count.
func shortCut(text string, limit int) (string, bool) {
	ends := [3]int{} // where half, all but one, and all of the characters end
	n := 0
	for i, r := range text {
		if !single(r) {
			return "", false
		}
		for k, count := range [...]int{(limit + 1) / 2, limit - 1, limit} {
			if n == count {
				ends[k] = i
			}
		}
		if n++; n > limit+1 {
			break
		}
	}
	if n <= limit {
		return text, true
	}
	if end := lastSentence(text, ends[0], ends[2]); end > 0 {
		return strings.TrimSpace(text[:end]), true
	}
	return upTo(text, cmp.Or(lastWord(text, ends[1]), ends[1])), true
}

// single tells characters of one rune that are so whatever stands around them,
// unless that combines with them: letters of Europe, and its punctuation.
func single(r rune) bool {
	return r >= ' ' && r < 0x7F || r >= 0xA1 && r < 0x300 || r >= 0x370 && r < 0x483 || r >= 0x48A && r < 0x530 ||
		r >= 0x2010 && r < 0x2028 || r >= 0x2030 && r < 0x205F
}

// lastSentence is the last end of a sentence, with the blank after it, from
// half on and up to all, or 0. A sentence does not end between two words of
// ASCII, so what is before two such words need not be read.
func lastSentence(text string, half, all int) int {
	start := half
	for start > 1 && !(letter(text[start]) && text[start-1] == ' ' && letter(text[start-2])) {
		start--
	}
	if start <= 1 {
		start = 0
	}
	last, state, rest, sentence := 0, -1, text[start:], ""
	for rest != "" {
		sentence, rest, state = uniseg.FirstSentenceInString(rest, state)
		start += len(sentence)
		shown := len(strings.TrimSuffix(text[:start], " "))
		if shown > all {
			break
		}
		if shown >= half {
			last = start
		}
	}
	return last
}

// lastWord is the last end of a word, or of the blank after it, up to most. A
// word of ASCII after a blank begins one, whatever is before it.
func lastWord(text string, most int) int {
	start := most
	for start > 0 && !(letter(text[start]) && text[start-1] == ' ') {
		start--
	}
	last, state, rest, word := start, -1, text[start:], ""
	for rest != "" {
		word, rest, state = uniseg.FirstWordInString(rest, state)
		start += len(word)
		if len(strings.TrimSuffix(text[:start], " ")) > most {
			break
		}
		last = start
	}
	return last
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
