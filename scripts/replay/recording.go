package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

// answer is one line of a recording.
type answer struct {
	Key    string      `json:"key"`
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
	// GaveKey is the access key that AssumeRole gave for ToAccount.
	GaveKey   string `json:"gaveKey,omitempty"`
	ToAccount string `json:"toAccount,omitempty"`
}

// recording is the last answer to each request.
type recording struct {
	mu       sync.RWMutex
	answers  map[string]*answer // nil while recording
	accounts map[string]string  // access key → account
	file     *os.File
	out      *bufio.Writer
}

// openRecording appends to the file, so that two clients may share it.
func openRecording(name string) (*recording, error) {
	old, err := loadRecording(name)
	if errors.Is(err, os.ErrNotExist) {
		old, err = &recording{accounts: map[string]string{}}, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &recording{accounts: old.accounts, file: f, out: bufio.NewWriterSize(f, 1<<20)}, nil
}

// loadRecording reads a whole recording into memory.
func loadRecording(name string) (*recording, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &recording{answers: map[string]*answer{}, accounts: map[string]string{}}
	for d := json.NewDecoder(bufio.NewReaderSize(f, 1<<20)); ; {
		a := &answer{}
		if err := d.Decode(a); err == io.EOF {
			return r, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.answers[a.Key] = a
		if a.GaveKey != "" {
			r.accounts[a.GaveKey] = a.ToAccount
		}
	}
}

func (r *recording) find(key string) *answer { return r.answers[key] }

// account returns the account of an access key that AssumeRole gave, else
// "caller": the account of whoever runs the client.
func (r *recording) account(key string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if a := r.accounts[key]; a != "" {
		return a
	}
	return "caller"
}

func (r *recording) put(a *answer) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.GaveKey != "" {
		r.accounts[a.GaveKey] = a.ToAccount
	}
	_, err = r.out.Write(append(line, '\n'))
	return err
}

func (r *recording) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.out.Flush(), r.file.Close())
}
