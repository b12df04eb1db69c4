package feed

import (
	"bytes"
	"encoding/xml"
	"slices"
	"testing"
	"testing/iotest"
)

// texts are the character data of every element, in the order of their ends.
func (e *element) texts() (list []string) {
	for _, c := range e.children {
		list = append(list, c.texts()...)
	}
	return append(list, e.name.Local+": "+e.text)
}

// plainTexts are those as encoding/xml reads them alone.
func plainTexts(t *testing.T, src []byte) (list []string) {
	var open []string
	for d := xml.NewDecoder(bytes.NewReader(src)); ; {
		token, err := d.RawToken()
		if err != nil {
			return list
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, token.Name.Local+": ")
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1] += string(token)
			}
		case xml.EndElement:
			if len(open) == 0 {
				t.Fatalf("%q ends what it did not begin", src)
			}
			list, open = append(list, open[len(open)-1]), open[:len(open)-1]
		}
	}
}

// Text that is taken past the decoder is what the decoder would have made of
// it, wherever it stands.
func FuzzRuns(f *testing.F) {
	for _, src := range []string{
		"<a>x</a>", "<a>\n x &lt;p&gt; &amp;amp; &#34;&#39;&quot;&apos;&#xA;&#x9;</a>\n", "<a>x<b/>y<b></b>z</a>",
		"<a><![CDATA[<p>]]]]><![CDATA[>]]>x<![CDATA[]]></a>", "<a>x\r\ny\rz<![CDATA[\r\n]]></a>", "<a>&#233;é&#x2028;&nbsp;</a>",
		"<?xml version=\"1.0\"?>\n<!-- x --><a b='/'>x<!-- y -->z<?p q?>w</a>", "<a>]]></a>", "<a>&#xD;&</a>", "<a><![CDATA[x</a>", "<a>x", "x<a/>y",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		l := linter{format: RSS}
		root := l.readXML(src, nil)
		if root == nil {
			return
		}
		if got, want := root.texts(), plainTexts(t, l.src); !slices.Equal(got, want) {
			t.Errorf("%q reads as %q, want %q", src, got, want)
		}
	})
}

// The places of findings count what was taken past the decoder.
func TestPlacesBehindRuns(t *testing.T) {
	l := linter{format: RSS}
	if root := l.readXML([]byte("<a>one &lt; two<b/>\n<![CDATA[ & ]]>three</c></a>"), nil); root != nil {
		t.Fatal("a wrong end was taken")
	}
	if found := l.findings(); len(found) != 1 || found[0].Line != 2 || found[0].Column != 21 {
		t.Errorf("found %+v", found)
	}
}

func TestRunReader(t *testing.T) {
	text := []byte("some text")
	if err := iotest.TestReader(&runReader{src: text}, text); err != nil {
		t.Error(err)
	}
}

func TestPlainURL(t *testing.T) {
	for s, want := range map[string]bool{
		"http://a.example": true, "https://a.example:8080/b-c_d/~e.f": true, "http://a/": true,
		"": false, "http://": false, "http:///x": false, "http://:80/": false, "http://a:8x/": false, "http://a:80:81/": false, "http://a/%20": false,
		"http://a/b?c": false, "http://a/b#c": false, "http://a@b/": false, "ftp://a/": false, "//a/b": false, "a/b": false, "http://a/é": false, "xhttp://a/": false,
	} {
		if got := plainURL(s); got != want {
			t.Errorf("plainURL(%q) is %v", s, got)
		}
	}
}
