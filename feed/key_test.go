package feed

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"
)

// tweak changes one value, whatever its kind, and shares nothing with the old.
func tweak(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + int64(time.Hour))
	case reflect.Uint64:
		v.SetUint(v.Uint() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		if !v.IsNil() {
			fresh.Elem().Set(v.Elem())
		}
		tweak(fresh.Elem())
		v.Set(fresh)
	case reflect.Slice:
		fresh := reflect.MakeSlice(v.Type(), max(v.Len(), 1), max(v.Len(), 1))
		reflect.Copy(fresh, v)
		tweak(fresh.Index(0))
		v.Set(fresh)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"/new/": "/rss.xml"}))
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			v.Set(reflect.ValueOf(t.Add(time.Hour)))
			return
		}
		for i := range v.NumField() {
			tweak(v.Field(i))
		}
	}
}

// leaves calls visit with each field of a struct and of those within it that
// are structs of settings.
func leaves(v reflect.Value, path string, visit func(path string, field reflect.Value)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch f.Type {
		case reflect.TypeFor[Site](), reflect.TypeFor[Settings](), reflect.TypeFor[Person](), reflect.TypeFor[Origin]():
			leaves(v.Field(i), path+f.Name+".", visit)
		default:
			visit(path+f.Name, v.Field(i))
		}
	}
}

// eachTweak calls visit while one field of what p points to is another.
func eachTweak[T any](p *T, visit func(path string)) {
	leaves(reflect.ValueOf(p).Elem(), "", func(path string, v reflect.Value) {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		tweak(v)
		visit(path)
		v.Set(old)
	})
}

// What changes a feed's bytes changes its fingerprint, which also covers what
// only its headers and its choice of posts show, and nothing that is idle.
func TestFingerprintCoversTheFeed(t *testing.T) {
	s := oddSet()
	before := Fingerprint(s.category)
	var was [3][]byte
	for _, f := range Formats {
		was[f] = mustRender(t, s, f)
	}
	unseen := []string{"Every", "Settings.Window", "Settings.Hubs"}
	idle := []string{
		"Aliases", "State", "Settings.Schedule", "Site.Authority", "Site.TimeZone", "Site.Redirects", "Site.Categories",
		"Site.Schedule", "Site.Window", "Site.Hubs", "Site.Title", "Site.Description", "Site.Language", // c's own were merged from these
	}
	eachTweak(&s.category, func(path string) {
		changed := Fingerprint(s.category) != before
		if changed == slices.Contains(idle, path) || !changed && slices.Contains(unseen, path) {
			t.Errorf("%s: the fingerprint changes: %v", path, changed)
		}
		for _, f := range Formats {
			if !changed && !bytes.Equal(mustRender(t, s, f), was[f]) {
				t.Errorf("%s changes %s but not the fingerprint", path, f)
			}
		}
	})
	if Fingerprint(s.category) != before {
		t.Error("the same configuration has another fingerprint")
	}
}

// What changes an entry's bytes changes its key. A post's own fields count by
// its revision, so only what can change without one is tried here.
func TestEntryKeyCoversTheEntry(t *testing.T) {
	s := oddSet()
	site, post := s.category.Site, s.posts[1]
	post.Authors = nil                                        // the site's author stands in
	post.Body += "\n\n<iframe src=\"https://x/\"></iframe>\n" // stays where "x" is a host that may
	for _, f := range Formats {
		key, bytesBefore := EntryKey(site, post, f), mustEntry(t, site, post, f)
		check := func(path string) {
			if EntryKey(site, post, f) == key && !bytes.Equal(mustEntry(t, site, post, f), bytesBefore) {
				t.Errorf("%s changes an entry of %s but not its key", path, f)
			}
		}
		eachTweak(&site, check)
		eachTweak(&post, func(path string) {
			if slices.Contains([]string{"Num", "Revision", "Published", "Updated", "Labels"}, path) {
				if EntryKey(site, post, f) == key {
					t.Errorf("%s does not change the key", path)
				}
			}
		})
		if EntryKey(site, post, f) != key {
			t.Error("the same post has another key")
		}
	}
}

func TestEntryKeyKnowsTheFormat(t *testing.T) {
	s := oddSet()
	seen := map[FragmentKey]bool{}
	for _, p := range s.posts {
		for _, f := range Formats {
			k := EntryKey(s.category.Site, p, f)
			if seen[k] || k.Post != p.Num || k.Format != f {
				t.Errorf("key of post %d as %s: %v", p.Num, f, k)
			}
			seen[k] = true
		}
	}
}

func mustEntry(t testing.TB, s Site, p Post, f Format) []byte {
	t.Helper()
	b, err := RenderEntry(s, p, f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
