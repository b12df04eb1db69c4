package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"syndic/store"
)

// statuses gives each code its HTTP status.
var statuses = map[string]int{
	"invalid":     http.StatusUnprocessableEntity,
	"config":      http.StatusUnprocessableEntity,
	"not_found":   http.StatusNotFound,
	"gone":        http.StatusGone,
	"conflict":    http.StatusConflict,
	"too_large":   http.StatusRequestEntityTooLarge,
	"method":      http.StatusMethodNotAllowed,
	"version":     http.StatusBadRequest,
	"permission":  http.StatusForbidden,
	"locked":      http.StatusLocked,
	"full":        http.StatusInsufficientStorage,
	"damaged":     http.StatusInternalServerError,
	"no_database": http.StatusServiceUnavailable,
	"unavailable": http.StatusServiceUnavailable,
	"timeout":     http.StatusGatewayTimeout,
	"canceled":    statusCanceled,
	"internal":    http.StatusInternalServerError,
}

// codes gives each error of the store its code, and what to do about it where
// its own text does not say.
var codes = []struct {
	is   error
	code string
	hint string
}{
	{store.ErrNotFound, "not_found", ""},
	{store.ErrTaken, "conflict", ""},
	{store.ErrConflict, "conflict", ": try again"},
	{store.ErrFull, "full", ""},
	{store.ErrLocked, "locked", ""},
	{store.ErrPermission, "permission", ""},
	{store.ErrNoDatabase, "no_database", ""},
	{store.ErrNewer, "damaged", ""},
	{store.ErrDamaged, "damaged", ": run `syndic check --repair`, or restore a backup with `syndic restore`"},
	{store.ErrClosed, "unavailable", ": the daemon is stopping"},
	{store.ErrFenced, "unavailable", ": another daemon has taken over"},
	{context.Canceled, "canceled", ""},
	{context.DeadlineExceeded, "timeout", ": try again"},
}

// refuse is a refusal written for the user: what, where, what to do.
func refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Status: statuses[code], Message: fmt.Sprintf(format, args...)}
}

// malformed refuses a request that cannot even be read.
func malformed(format string, args ...any) *Error {
	e := refuse("invalid", format, args...)
	e.Status = http.StatusBadRequest
	return e
}

// brokenOff tells of a body that could not be read to its end, because there is
// too much of it or its client went away.
func brokenOff(err error) error {
	var large *http.MaxBytesError
	if err == nil || errors.As(err, &large) {
		return err
	}
	return refuse("canceled", "the request broke off: %v", err)
}

// describe maps any error to the answer that it gets.
func describe(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return refuse("too_large", "the request has more than %d MB: send less at a time", large.Limit>>20)
	}
	for _, c := range codes {
		if errors.Is(err, c.is) {
			message := err.Error()
			if !strings.Contains(message, strings.TrimPrefix(c.hint, ": ")) {
				message += c.hint
			}
			return &Error{Code: c.code, Status: statuses[c.code], Message: message, cause: err}
		}
	}
	return &Error{Code: "internal", Status: http.StatusInternalServerError, Message: err.Error(), cause: err}
}

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

// wrap names the operation in an error.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}
