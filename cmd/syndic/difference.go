package main

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"strings"

	"syndic/control"
)

// keyChange is a key whose value differs between two configurations.
type keyChange struct {
	control.KeyChange
	pattern string // the key as the table of sections has it, with * for a name that the user chose
}

// differences lists what differs between two configurations, in the order in
// which the example has the keys. A configuration holds no secrets, only the
// names of files that do: so every value may be shown.
func differences(old, now Config) []keyChange {
	return compareValues(nil, "", "", reflect.ValueOf(old), reflect.ValueOf(now))
}

func compareValues(list []keyChange, key, pattern string, old, now reflect.Value) []keyChange {
	t := old.Type()
	switch {
	case t.Kind() == reflect.Struct:
		for i, name := range keys(t) {
			list = compareValues(list, join(key, name), join(pattern, name), old.Field(i), now.Field(i))
		}
		return list
	case inner(t):
		return compareValues(list, key, pattern, pointed(old), pointed(now))
	case t.Kind() == reflect.Map:
		return compareMaps(list, key, pattern, old, now)
	case sameValue(old, now):
		return list
	}
	return append(list, keyChange{control.KeyChange{Key: key, Old: shown(old), New: shown(now)}, pattern})
}

// compareMaps compares entry by entry; one that is on one side only is one
// change.
func compareMaps(list []keyChange, key, pattern string, old, now reflect.Value) []keyChange {
	names := map[string]bool{}
	for _, m := range []reflect.Value{old, now} {
		for _, name := range m.MapKeys() {
			names[name.String()] = true
		}
	}
	if old.Type().Elem().Kind() == reflect.Struct {
		pattern = join(pattern, "*")
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		index := reflect.ValueOf(name)
		was, is := old.MapIndex(index), now.MapIndex(index)
		if was.IsValid() && is.IsValid() {
			list = compareValues(list, join(key, name), pattern, was, is)
			continue
		}
		list = append(list, keyChange{control.KeyChange{Key: join(key, name), Old: shown(was), New: shown(is)}, pattern})
	}
	return list
}

// inner tells whether a pointer's struct has keys of its own.
func inner(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct
}

// pointed is what a pointer points to; nothing has no key set.
func pointed(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return reflect.Zero(v.Type().Elem())
	}
	return v.Elem()
}

func sameValue(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// shown is a value as a user would write it in one line; what is left to its
// default in an entry that comes or goes is left out.
func shown(v reflect.Value) string {
	switch {
	case !v.IsValid(), v.Kind() == reflect.Pointer && v.IsNil():
		return "unset"
	case v.Kind() == reflect.Pointer:
		return shown(v.Elem())
	case v.Kind() != reflect.Struct:
		return plainJSON(v.Interface())
	}
	var fields []string
	for i, name := range keys(v.Type()) {
		if !v.Field(i).IsZero() {
			fields = append(fields, name+": "+shown(v.Field(i)))
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// plainJSON is a value on one line.
func plainJSON(v any) string {
	var b bytes.Buffer
	if err := encoder(&b, "").Encode(v); err != nil { // texts, numbers and lists of them always encode
		return "?"
	}
	return strings.TrimSpace(b.String())
}
