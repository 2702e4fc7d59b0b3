//go:build nolake || !cgo

package lake

import (
	"errors"
	"io"

	"github.com/haetae/haetae"
)

// Built tells whether this program has the SQL engine.
func Built() bool { return false }

// NotBuilt is the error of whoever asks for the SQL engine where there is none.
func NotBuilt() error {
	return &haetae.Error{Code: haetae.Unavailable, Op: "query", Err: errors.New("this haetae was built without the SQL engine (tag nolake, or no C compiler)"),
		Hint: "Build it with a C compiler and without -tags nolake (make build), or read the Parquet files in the folder lake of the data directory with another engine."}
}

// Confine is the process of a query.
func Confine([]string, io.Reader, io.Writer) error { return NotBuilt() }
