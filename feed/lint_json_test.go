package feed

import (
	"encoding/json"
	"testing"
)

// A string reads as encoding/json has it, whatever is escaped in it.
func FuzzJSONString(f *testing.F) {
	for _, s := range []string{``, `plain`, `\"\\\/\b\f\n\r\t`, `a\u00e9\ud83d\ude00b`, `\ud800`, `é\n\u003c`, `\\"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var want string
		if json.Unmarshal([]byte(`"`+raw+`"`), &want) != nil {
			return
		}
		l := linter{format: JSON}
		root := l.readJSON([]byte(`"` + raw + `"`))
		if root == nil {
			return // bytes that are not UTF-8
		}
		if root.kind != jsonString || root.text != want {
			t.Errorf("%s reads as %q, want %q", raw, root.text, want)
		}
	})
}
