package websub

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// kind says what a failed attempt means for the next one.
type kind string

const (
	transient kind = "transient" // worth another attempt after a backoff
	throttled kind = "throttled" // the hub asks to be left alone for a while
	permanent kind = "permanent" // the same request would fail again
)

// failure is why an attempt failed. It unwraps to its cause.
type failure struct {
	kind   kind
	status int           // of the answer, 0 when there was none
	after  time.Duration // what Retry-After asked for, 0 when it did not
	err    error
}

// Error is one line for the hub log.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap is what went wrong underneath.
func (f *failure) Unwrap() error { return f.err }

// wide tells whether the failure is the hub's rather than the topic's: nobody
// answered, a gateway had nobody behind it, or the hub asked for time. No other
// topic is tried until the wait is over.
func (f *failure) wide() bool {
	return f.kind == throttled || f.kind == transient && wideStatus(f.status)
}

func wideStatus(status int) bool {
	switch status {
	case 0, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// refused makes a failure of an answer that is not 2xx; text is what its body
// said. A redirect is not followed: it would turn the POST into a GET, or send
// the ping to where the configuration does not point.
func refused(res *http.Response, text string, now time.Time) *failure {
	f := &failure{kind: kindOf(res.StatusCode), status: res.StatusCode}
	if f.kind == transient && f.status == http.StatusServiceUnavailable || f.kind == throttled {
		f.after = retryAfter(res.Header.Get("Retry-After"), now)
	}
	if f.after > 0 {
		f.kind = throttled
	}
	message := "hub answered " + strings.TrimSpace(strconv.Itoa(f.status)+" "+http.StatusText(f.status))
	if where := res.Header.Get("Location"); where != "" && f.status/100 == 3 {
		message += ", redirecting to " + redact(line(where)) + ": set the hub's URL to where it is now"
	} else if text != "" {
		message += ": " + text
	}
	f.err = fmt.Errorf("%s", message)
	return f
}

// kindOf is the meaning of an HTTP status (RFC 9110 §15, RFC 6585 §4, RFC 8470
// §5.2).
func kindOf(status int) kind {
	switch {
	case status == http.StatusTooManyRequests:
		return throttled
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status/100 == 5:
		return transient
	}
	return permanent
}

// retryAfter reads a Retry-After (RFC 9110 §10.2.3): seconds, or an HTTP date;
// 0 when it says nothing, or a time that has passed.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	seconds, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

const lineLength = 300 // characters of a hub's own words that are kept

// line makes one short line of what a hub sent: no control characters, no
// broken UTF-8.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > lineLength {
		text = string(runes[:lineLength]) + "…"
	}
	return text
}
