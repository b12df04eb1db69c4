package control

import "iter"

// A part of a request holds no more than this, but at least one document.
// JSON writes a byte as six at worst, and the handler takes maxBody.
const (
	partDocuments = 1000
	partBytes     = 8 << 20
)

// size is about how many bytes a request has.
func (r AddRequest) size() int {
	n := 0
	for _, d := range r.Documents {
		n += len(d.Post.Body) + 512
	}
	return n
}

// parts splits a request so that each part stays below the handler's limit.
func parts(r AddRequest) iter.Seq[AddRequest] {
	return func(yield func(AddRequest) bool) {
		docs := r.Documents
		for len(docs) > 0 {
			n, size := 0, 0
			for n < len(docs) && n < partDocuments && (n == 0 || size+len(docs[n].Post.Body) <= partBytes) {
				size += len(docs[n].Post.Body)
				n++
			}
			part := r
			part.Documents, docs = docs[:n], docs[n:]
			if !yield(part) {
				return
			}
		}
	}
}
