package feed

import (
	"strings"
	"unicode/utf8"
)

// Clean repairs UTF-8 and removes what XML 1.0 cannot carry or advises against
// (§2.2, Char and the note on it). One such byte would cost every reader the
// whole feed, or a validator's goodwill.
func Clean(s string) string {
	if clean(s) {
		return s
	}
	return strings.Map(cleanRune, strings.ToValidUTF8(s, "\uFFFD"))
}

// clean tells of nearly every text in no time that Clean leaves it as it is.
func clean(s string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c-' ' < 0x7F-' ' || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if n == 1 || cleanRune(r) != r {
			return false
		}
		i += n
	}
	return true
}

// cleanRune is what stands for r, or -1 for nothing.
func cleanRune(r rune) rune {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return r
	case r >= 0x80 && r <= 0x9F:
		return c1[r-0x80]
	case r < ' ' || r == 0x7F || r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE:
		return -1
	}
	return r
}

// c1 is what the control codes from U+0080 on were meant to be: characters of
// Windows-1252, as HTML reads references to them (§13.2.5.80), or nothing.
var c1 = [32]rune{
	'€', -1, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', -1, 'Ž', -1,
	-1, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', -1, 'ž', 'Ÿ',
}
