package web

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// coding is a content coding (RFC 9110 §8.4.1).
type coding uint8

const (
	identity coding = iota
	gzipCoding
	brotliCoding
	zstdCoding
	codingCount
)

var codingNames = [codingCount]string{"identity", "gzip", "br", "zstd"}

// String is the coding as Content-Encoding names it (RFC 9110 §8.4.1).
func (c coding) String() string { return codingNames[c] }

// preference orders codings that a reader likes equally. Each is made once a
// generation, so only the bytes on the wire count: of a feed, brotli leaves
// the fewest, then gzip, then zstd.
var preference = [...]coding{brotliCoding, gzipCoding, zstdCoding, identity}

// pageCodings are for what is made anew for each request.
var pageCodings = []coding{gzipCoding, identity}

// accepted lists those of the offered codings that an Accept-Encoding header
// allows, best first (RFC 9110 §12.5.3). Without the header it is identity
// alone: whoever names nothing may understand nothing.
func accepted(values []string, offered []coding) []coding {
	if len(values) == 0 {
		return []coding{identity}
	}
	weights, rest := weigh(values)
	// Twice a thousandth, to have a weight between "q=0" and "q=0.001" for an
	// identity that nobody mentioned.
	for c := range weights {
		switch {
		case weights[c] >= 0:
			weights[c] *= 2
		case coding(c) == identity && rest != 0:
			weights[c] = 1
		case rest >= 0:
			weights[c] = 2 * rest
		}
	}
	list := make([]coding, 0, codingCount)
	for _, c := range offered {
		if weights[c] > 0 {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b coding) int { return weights[b] - weights[a] })
	return list
}

// weigh reads the weights in thousandths, -1 for a coding that is not listed;
// rest is that of "*". A member that cannot be read is passed over.
func weigh(values []string) (weights [codingCount]int, rest int) {
	for c := range weights {
		weights[c] = -1
	}
	rest = -1
	for _, value := range values {
		for member := range strings.SplitSeq(value, ",") {
			name, params, _ := strings.Cut(member, ";")
			q, ok := weight(params)
			if !ok {
				continue
			}
			name = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), "x-")
			if name == "*" {
				rest = q
			} else if c := slices.Index(codingNames[:], name); c >= 0 {
				weights[c] = q
			}
		}
	}
	return weights, rest
}

// weight reads "q=0.5" in thousandths; nothing means 1 (RFC 9110 §12.4.2).
func weight(params string) (int, bool) {
	if params = strings.TrimSpace(params); params == "" {
		return 1000, true
	}
	name, value, _ := strings.Cut(params, "=")
	if !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 0, false
	}
	whole, fraction, _ := strings.Cut(strings.TrimSpace(value), ".")
	if len(whole) != 1 || len(fraction) > 3 {
		return 0, false
	}
	q, err := strconv.ParseUint(whole+(fraction + "000")[:3], 10, 16)
	return int(q), err == nil && q <= 1000
}

// encoders make compressed bodies. Their writers are large, so they are kept.
type encoders struct {
	gzip, brotli sync.Pool
	zstd         *zstd.Encoder
}

func newEncoders() *encoders {
	e := &encoders{}
	// Both constructors fail only for a level or an option that does not exist.
	e.gzip.New = func() any { w, _ := gzip.NewWriterLevel(nil, 6); return w }
	e.brotli.New = func() any { return brotli.NewWriterLevel(nil, 5) }
	e.zstd, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	return e
}

// resetWriter is what the pooled writers have in common.
type resetWriter interface {
	io.WriteCloser
	Reset(io.Writer)
}

func (e *encoders) encode(c coding, body []byte) []byte {
	switch c {
	case gzipCoding:
		return pooled(&e.gzip, body)
	case brotliCoding:
		return pooled(&e.brotli, body)
	case zstdCoding:
		return e.zstd.EncodeAll(body, nil)
	default:
		return body
	}
}

func pooled(pool *sync.Pool, body []byte) []byte {
	w := pool.Get().(resetWriter)
	defer pool.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	// Writing to memory does not fail.
	_, _ = w.Write(body)
	_ = w.Close()
	return slices.Clip(b.Bytes())
}
