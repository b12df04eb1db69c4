package control

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"syndic/feed"
)

func bulk(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := cborEncoding.MarshalToBuffer(v, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A request is the same one in either encoding.
func TestBulkIsJSON(t *testing.T) {
	req := AddRequest{
		Categories: []string{"A"}, At: "2026-01-05", Draft: true, Now: true, Update: true, NoProbe: true,
		Documents: []Document{{
			Post: feed.Post{
				Title: "T <i>", Slug: "s", Body: "b\x00\u2028", Markup: feed.Markdown, Tags: []string{"x"}, Authors: []feed.Person{{Name: "N"}},
				Attachments: []feed.Attachment{{URL: "a.mp3", Size: 1 << 40, Duration: 7}}, Origin: feed.Origin{Title: "o"}, Expired: true, File: "f.md",
			},
			Categories: []string{"B"}, Date: "2026-01-01", Updated: "2026-01-02", Draft: true, Links: []string{"l"}, Warnings: []string{"w"},
		}, {}},
	}
	text, err := encode(req)
	if err != nil {
		t.Fatal(err)
	}
	var a, b AddRequest
	if err := decode(text, &a); err != nil {
		t.Fatal(err)
	}
	if err := decodeCBOR(bulk(t, req), &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(b, req) {
		t.Errorf("JSON gives\n%+v\nCBOR gives\n%+v", a, b)
	}
}

// What cannot be meant is refused as it is in JSON.
func TestBulkIsStrict(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing":          nil,
		"an unknown field": bulk(t, map[string]any{"documents": []any{}, "spell": 1}),
		"another type":     bulk(t, map[string]any{"documents": "x"}),
		"a field twice":    {0xa2, 0x62, 'a', 't', 0x60, 0x62, 'a', 't', 0x60},
		"not UTF-8":        {0xa1, 0x62, 'a', 't', 0x61, 0xff},
		"two values":       append(bulk(t, AddRequest{}), 0xf6),
		"cut off":          bulk(t, AddRequest{At: "2026-01-05"})[:20],
	} {
		var req AddRequest
		err := decodeCBOR(data, &req)
		if e, ok := err.(*Error); !ok || e.Code != "invalid" || e.Status != 400 {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

// slowly gives a few bytes at a time.
type slowly struct {
	data []byte
	step int
}

func (s *slowly) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.data[:min(s.step, len(s.data))])
	s.data = s.data[n:]
	return n, nil
}

// A request that is decoded as it comes is the one that is decoded as a whole,
// in whatever pieces it comes, or is refused as that is.
func FuzzBulk(f *testing.F) {
	doc := Document{Post: feed.Post{Title: "T", Body: strings.Repeat("b", 70)}, Links: []string{"l"}}
	many := bulk(f, AddRequest{Documents: slices.Repeat([]Document{doc}, 300), Now: true})
	cut := []byte("\x69documents")
	for _, data := range [][]byte{
		bulk(f, AddRequest{Documents: []Document{doc}, Categories: []string{"documents"}, At: "2026-01-05"}),
		many, many[:len(many)/2], append(bytes.Clone(many), 0xf6),
		bulk(f, AddRequest{}), bulk(f, AddRequest{Documents: []Document{}}),
		bulk(f, map[string]any{"documents": []any{nil, map[string]any{}}}),
		bulk(f, map[string]any{"documents": []any{map[string]any{"spell": 1}}}),
		slices.Concat([]byte{0xa2}, cut, []byte{0x81, 0xa0}, cut, []byte{0x81, 0xa0}),
		slices.Concat([]byte{0xa2}, cut, []byte{0x81, 0xa0}, []byte("\x69DOCUMENTS"), []byte{0xf6}),
		slices.Concat([]byte{0xa1}, cut, []byte{0x99, 0xff, 0xff, 0xa0}),
		slices.Concat([]byte{0xa1}, cut, []byte{0x9a, 0, 0, 0, 1, 0xa0}),
	} {
		f.Add(data, 7)
	}
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		var req, again, pieces AddRequest
		err := decodeCBOR(data, &req)
		if got := decodeBulk(&slowly{data, max(step, 1)}, new(bytes.Buffer), &pieces); (got == nil) != (err == nil) {
			t.Fatalf("as a whole: %v, in pieces: %v", err, got)
		}
		if err != nil {
			return
		}
		if !reflect.DeepEqual(pieces, req) {
			t.Errorf("%+v, in pieces %+v", req, pieces)
		}
		if err := decodeCBOR(bulk(t, req), &again); err != nil || !reflect.DeepEqual(req, again) {
			t.Errorf("%+v comes back as %+v (%v)", req, again, err)
		}
	})
}

// Of a request that breaks off nothing is done, and it is nobody's fault here.
func TestBulkBreaksOff(t *testing.T) {
	r := newRig(t)
	data := bulk(t, AddRequest{Documents: []Document{md("a.md", "A", "a")}})
	for _, end := range []int{0, 5, len(data) / 2, len(data) - 1} {
		body := io.MultiReader(bytes.NewReader(data[:end]), iotest.ErrReader(io.ErrUnexpectedEOF))
		req := httptest.NewRequest("POST", "/posts", body)
		req.Header.Set("Content-Type", cborType)
		req.Header.Set(VersionHeader, APIVersion)
		w := httptest.NewRecorder()
		New(r.cfg).ServeHTTP(w, req)
		if w.Code != statusCanceled {
			t.Errorf("after %d bytes: %d %s", end, w.Code, w.Body)
		}
	}
	if r.seq() != 1 && r.seq() != 0 {
		t.Errorf("the store is at %d", r.seq())
	}
}

// A client is answered in what it accepts, and reads a daemon's answer in JSON,
// too: one that runs on while the binary is replaced gives that.
func TestBulkAnswers(t *testing.T) {
	h := New(newRig(t).cfg)
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept")
		h.ServeHTTP(w, r)
	})
	req := AddRequest{Documents: []Document{{Post: feed.Post{Title: "T", Body: "x", File: "t.md"}}, {Warnings: []string{"w"}}}}
	if _, err := Local(h).Add(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	bulk, err := Local(h).Add(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Local(plain).Add(t.Context(), req)
	if err != nil || !reflect.DeepEqual(bulk, text) || bulk[0].Status != Unchanged || bulk[1].Error == "" {
		t.Errorf("CBOR says\n%+v\nJSON says\n%+v (%v)", bulk, text, err)
	}
	for accept, want := range map[string]string{cborType: cborType, "application/json": "application/json", "": "application/json"} {
		_, header, _ := ask(t, h, "POST", "/posts", `{}`, func(r *http.Request) { r.Header.Set("Accept", accept) })
		if got := header.Get("Content-Type"); got != want {
			t.Errorf("who accepts %q gets %s", accept, got)
		}
	}
}
