package feed

import (
	"bytes"
	"io"
)

// runReader is what the XML decoder reads from, a byte at a time. A run of
// text, which most of a feed is, is taken past the decoder at once.
type runReader struct {
	src   []byte
	at    int
	taken int // bytes that the decoder has not seen
}

// ReadByte is what the decoder reads with.
func (r *runReader) ReadByte() (byte, error) {
	if r.at == len(r.src) {
		return 0, io.EOF
	}
	r.at++
	return r.src[r.at-1], nil
}

// Read makes it a reader. The decoder has no use for it.
func (r *runReader) Read(b []byte) (int, error) {
	n := copy(b, r.src[r.at:])
	if r.at += n; n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// run takes the text that comes next, up to a tag, or a whole CDATA section.
// What is left to the decoder: text with a line end to be made another (XML 1.0
// §2.11), with a reference that is none of the usual, or with a mistake.
func (r *runReader) run() ([]byte, bool) {
	rest := r.src[r.at:]
	if section, ok := bytes.CutPrefix(rest, []byte("<![CDATA[")); ok {
		text, _, ends := bytes.Cut(section, []byte("]]>"))
		if !ends || bytes.IndexByte(text, '\r') >= 0 {
			return nil, false
		}
		r.take(len(rest) - len(section) + len(text) + len("]]>"))
		return text, true
	}
	end := bytes.IndexByte(rest, '<')
	if end <= 0 || bytes.IndexByte(rest[:end], '\r') >= 0 || bytes.Contains(rest[:end], []byte("]]>")) {
		return nil, false
	}
	text := rest[:end]
	if bytes.IndexByte(text, '&') >= 0 {
		plain, ok := unescaped(string(text), references)
		if !ok {
			return nil, false
		}
		text = []byte(plain)
	}
	r.take(end)
	return text, true
}

func (r *runReader) take(n int) {
	r.at += n
	r.taken += n
}
