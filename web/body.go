package web

import (
	"io"
	"sync"
)

// heapBytes is the size up to which a body is kept as ordinary memory: to
// copy it costs less than a second call that sends it out of the file.
const heapBytes = 8 << 10

// body is a document in one encoding: a text, or a part of the file of memory.
type body struct {
	size int
	text []byte
	file *memoryFile // nil for a text
	at   int64       // in the file
}

// pieces are buffers for what has to be copied out of the file.
var pieces = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// WriteTo writes it, out of the file piece by piece.
func (b *body) WriteTo(w io.Writer) (written int64, err error) {
	if b.file == nil {
		n, err := w.Write(b.text)
		return int64(n), err
	}
	piece := pieces.Get().(*[]byte)
	defer pieces.Put(piece)
	for written < int64(b.size) && err == nil {
		part := (*piece)[:min(len(*piece), b.size-int(written))]
		if err = b.file.read(part, b.at+written); err == nil {
			var n int
			n, err = w.Write(part)
			written += int64(n)
		}
	}
	return written, err
}

// appendTo appends the bytes to a slice.
func (b *body) appendTo(to []byte) ([]byte, error) {
	if b.file == nil {
		return append(to, b.text...), nil
	}
	from := len(to)
	to = append(to, make([]byte, b.size)...)
	return to, b.file.read(to[from:], b.at)
}
