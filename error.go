package haetae

import (
	"errors"
)

// Code is a class of failure that a caller may branch on.
type Code string

// The codes. There are few on purpose.
const (
	Invalid      Code = "invalid"
	AccessDenied Code = "denied"
	Throttle     Code = "throttled"
	NotFound     Code = "not_found"
	Conflict     Code = "conflict"
	Unavailable  Code = "unavailable"
	Internal     Code = "internal"
)

// Error is a failure with its class and the user's next step.
type Error struct {
	Code Code
	Op   string // what was being done: "read template.yaml:12"
	Err  error
	Hint string // the next step, as a sentence
}

// Error says what failed; the hint is printed apart.
func (e *Error) Error() string {
	switch {
	case e.Op == "":
		return e.Err.Error()
	case e.Err == nil:
		return e.Op
	}
	return e.Op + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first [Error] in the chain, or Internal.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// HintOf returns the first hint in the chain, or "".
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
