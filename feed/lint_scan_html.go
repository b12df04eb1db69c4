package feed

import "strings"

// plainHTML knows HTML as the sanitiser writes it, in which htmlReader would
// find nothing: every tag in its usual spelling and closed by its own, and
// every URL with a harmless scheme. It says nothing of any other.
func plainHTML(src string) bool {
	var room [maxScanned]string
	open := room[:0]
	for {
		at := strings.IndexByte(src, '<')
		if at < 0 {
			return len(open) == 0
		}
		src = src[at+len("<"):]
		if strings.HasPrefix(src, "/") {
			if len(open) == 0 || !ends(src[len("/"):], open[len(open)-1]) {
				return false
			}
			src = src[len("/>")+len(open[len(open)-1]):]
			open = open[:len(open)-1]
			continue
		}
		name, rest := htmlName(src)
		rest, ok := plainAttributes(rest)
		kind := tags[name]
		if name == "" || !ok || kind&(riskyTag|rawTag) != 0 {
			return false
		}
		alone := strings.HasPrefix(rest, "/")
		if src, ok = strings.CutPrefix(strings.TrimPrefix(rest, "/"), ">"); !ok {
			return false
		}
		if !alone && kind&voidTag == 0 {
			if len(open) == maxScanned {
				return false
			}
			open = append(open, name)
		}
	}
}

// ends tells whether what follows "</" ends an element.
func ends(rest, name string) bool {
	return strings.HasPrefix(rest, name) && strings.HasPrefix(rest[len(name):], ">")
}

// htmlName reads a name in small letters, or "".
func htmlName(src string) (name, rest string) {
	i := 0
	for ; i < len(src); i++ {
		c := src[i]
		if (c < 'a' || c > 'z') && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			break
		}
	}
	return src[:i], src[i:]
}

// plainAttributes reads attributes that are harmless.
func plainAttributes(src string) (rest string, ok bool) {
	for strings.HasPrefix(src, " ") {
		key, rest := htmlName(src[len(" "):])
		val, ok := strings.CutPrefix(rest, `="`)
		end := strings.IndexByte(val, '"')
		if !ok || end < 0 || !harmless(key, val[:end]) {
			return "", false
		}
		src = val[end+len(`"`):]
	}
	return src, true
}

// harmless tells whether an attribute is of no interest.
func harmless(key, val string) bool {
	switch {
	case hasURL(key):
		return whole(val)
	case key == "srcset":
		return wholeSet(val)
	}
	return key != "" && key != "style" && !strings.HasPrefix(key, "on")
}

// whole tells whether a URL has a harmless scheme. References in it may stand
// as they are: no scheme has any.
func whole(url string) bool {
	scheme := schemeOf(url)
	return scheme != "" && !running(scheme)
}

// wholeSet is whole for each URL of a srcset, in which no more than ampersands
// may be references: others could stand for what separates them.
func wholeSet(val string) bool {
	for candidate := range strings.SplitSeq(val, ", ") {
		if url := strings.TrimSpace(candidate); url != "" && !whole(url) {
			return false
		}
	}
	return strings.Count(val, "&") == strings.Count(val, "&amp;")
}
