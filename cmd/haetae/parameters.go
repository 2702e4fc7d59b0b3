package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/haetae/haetae"
)

// readParameters reads KEY=VALUE pairs and files of parameters in the two forms
// that the AWS CLI takes: {"Key": "value"} and
// [{"ParameterKey": …, "ParameterValue": …}].
func readParameters(args []string) (map[string]string, error) {
	out := map[string]string{}
	for _, arg := range args {
		if k, v, ok := strings.Cut(arg, "="); ok {
			out[k] = v
			continue
		}
		data, err := os.ReadFile(arg)
		if err != nil {
			return nil, usage{&haetae.Error{Code: haetae.NotFound, Op: "--parameters", Err: err, Hint: "Give KEY=VALUE, or a JSON file of parameters."}}
		}
		if err := parameterFile(data, out); err != nil {
			return nil, usagef("--parameters %s: %w", arg, err)
		}
	}
	return out, nil
}

func parameterFile(data []byte, out map[string]string) error {
	var list []struct {
		Key   string `json:"ParameterKey"`
		Value string `json:"ParameterValue"`
	}
	if err := json.Unmarshal(data, &list); err == nil {
		for _, p := range list {
			out[p.Key] = p.Value
		}
		return nil
	}
	var file struct {
		Parameters map[string]string
	}
	if err := json.Unmarshal(data, &file); err == nil && file.Parameters != nil {
		for k, v := range file.Parameters {
			out[k] = v
		}
		return nil
	}
	plain := map[string]string{}
	if err := json.Unmarshal(data, &plain); err != nil {
		return fmt.Errorf("not a file of parameters: %w", err)
	}
	for k, v := range plain {
		out[k] = v
	}
	return nil
}

// dataDir is the directory for state.
func (a *app) dataDir() (string, error) {
	if a.data != "" {
		return a.data, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "haetae"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &haetae.Error{Code: haetae.Unavailable, Op: "data directory", Err: err, Hint: "Give --data DIR."}
	}
	return filepath.Join(home, ".local", "state", "haetae"), nil
}

// hashKey is this installation's key for the hashes of secrets: the same
// secret has the same hash here, and nobody else can guess it from the hash.
// Where the data directory does not exist and was not asked for there is none:
// a scan of a template leaves nothing behind.
func (a *app) hashKey() ([]byte, error) {
	dir, err := a.dataDir()
	if err != nil {
		return nil, nil //nolint:nilerr // no home, no state: hashes are left out
	}
	if a.data == "" {
		if _, err := os.Stat(dir); err != nil {
			return nil, nil //nolint:nilerr // nothing kept yet
		}
	}
	return a.madeKey(dir)
}

// madeKey reads the installation's key, making one when there is none.
func (a *app) madeKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, "secret.key")
	key, err := os.ReadFile(path)
	if err == nil {
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, &haetae.Error{Code: haetae.Unavailable, Op: "read the key for hashes of secrets", Err: err, Hint: "Check the permissions of the data directory, or give another with --data."}
	}
	key = make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make the key for hashes of secrets: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err == nil {
		err = os.WriteFile(path, key, 0o600)
		if err == nil {
			return key, nil
		}
		return nil, &haetae.Error{Code: haetae.Unavailable, Op: "keep the key for hashes of secrets", Err: err, Hint: "Give a data directory that can be written with --data."}
	}
	return nil, &haetae.Error{Code: haetae.Unavailable, Op: "make the data directory", Err: err, Hint: "Give a data directory that can be written with --data."}
}
