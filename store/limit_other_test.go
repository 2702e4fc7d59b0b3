//go:build !unix

package store

import "errors"

func limitFiles(string) error { return errors.ErrUnsupported }
