package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// bodySize is about how many bytes of Markdown a post has.
const bodySize = 4_000

// bodies is how many different ones there are: more than a feed holds, and
// more than a compressor looks back over. It is prime, so that the posts of a
// category have each its own.
const bodies = 1_009

// prose writes text that compresses as English does: words by Zipf's law, the
// frequent ones short, in sentences and paragraphs. The same seed gives the
// same text.
type prose struct {
	rand  *rand.Rand
	rank  *rand.Zipf
	words []string
}

func newProse(seed uint64) *prose {
	const vocabulary = 8_000
	r := rand.New(rand.NewPCG(seed, 1))
	p := &prose{rand: r, rank: rand.NewZipf(r, 1.4, 4, vocabulary-1)}
	known := map[string]bool{}
	for len(p.words) < vocabulary {
		// Each length has few words, so that common ones are short.
		w := p.newWord(1 + min(len(p.words)/150, 1) + min(len(p.words)/3000, 1))
		if !known[w] {
			known[w] = true
			p.words = append(p.words, w)
		}
	}
	return p
}

// newWord is made of syllables, with English's letters about as often as there.
func (p *prose) newWord(syllables int) string {
	onsets := []string{"", "t", "th", "s", "r", "n", "d", "l", "h", "c", "m", "p", "f", "w", "b", "st", "pr", "g", "tr", "v", "sh", "k", "br"}
	nuclei := []string{"e", "a", "o", "i", "e", "a", "u", "ea", "ou", "io", "e", "y"}
	codas := []string{"", "", "", "", "", "n", "r", "s", "t", "l", "d", "nd", "ng", "st", "m", "ck", "rt"}
	some := func(list []string) string { return list[p.rand.IntN(len(list))] }
	var b strings.Builder
	for range syllables {
		b.WriteString(some(onsets) + some(nuclei) + some(codas))
	}
	return b.String()
}

func (p *prose) word() string { return p.words[p.rank.Uint64()] }

// sentence has a word marked up now and then.
func (p *prose) sentence() string {
	n := 6 + p.rand.IntN(16)
	words := make([]string, n)
	for i := range words {
		words[i] = p.word()
		switch p.rand.IntN(90) {
		case 0:
			words[i] = "*" + words[i] + "*"
		case 1:
			words[i] = fmt.Sprintf("[%s %s](https://%s.example/%s/%d)", words[i], p.word(), p.word(), p.word(), p.rand.IntN(10_000))
		case 2:
			words[i] = "`" + words[i] + "`"
		case 3, 4, 5, 6, 7:
			if i < n-1 {
				words[i] += ","
			}
		}
	}
	return capital(strings.Join(words, " ")) + "."
}

// title is a few words.
func (p *prose) title() string {
	words := make([]string, 2+p.rand.IntN(5))
	for i := range words {
		words[i] = p.word()
	}
	return capital(strings.Join(words, " "))
}

// markdown is a post's body of about so many bytes.
func (p *prose) markdown(size int) string {
	var b strings.Builder
	for b.Len() < size {
		switch p.rand.IntN(8) {
		case 0:
			b.WriteString("## " + p.title() + "\n\n")
		case 1:
			for range 2 + p.rand.IntN(4) {
				b.WriteString("- " + p.sentence() + "\n")
			}
			b.WriteString("\n")
		default:
			for range 2 + p.rand.IntN(4) {
				b.WriteString(p.sentence() + " ")
			}
			b.WriteString("\n\n")
		}
	}
	text := b.String()[:size]
	return text[:max(strings.LastIndexByte(text, ' '), 0)] + ".\n"
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// library has the body and the title of every post.
type library struct{ bodies, titles []string }

func newLibrary() *library {
	p := newProse(1)
	l := &library{}
	for range bodies {
		l.bodies = append(l.bodies, p.markdown(bodySize))
		l.titles = append(l.titles, p.title())
	}
	return l
}

func (l *library) body(n int) string { return l.bodies[n%bodies] }

// title has the number, as no two posts of a site have the same slug.
func (l *library) title(n int) string { return fmt.Sprintf("%s %d", l.titles[n%bodies], n) }
