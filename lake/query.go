package lake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// Query is a question in SQL.
type Query struct {
	SQL     string
	Timeout time.Duration // how long it may take
	Memory  int64         // of the engine, in bytes
	MaxRows int           // of the answer
}

// Answer is what a query gives.
type Answer struct {
	Columns []string
	Types   []string // as DuckDB names them
	Rows    [][]any  // of nil, bool, string, json.Number, []any and map[string]any
	Cut     bool     // there were more rows than asked for
}

// Engine is how the program is started in which a query runs: this program, with
// arguments after which it calls [Confine].
type Engine struct {
	Path string
	Args []string // the first is the name of the program
}

// request is what the process of a query is told.
type request struct {
	SQL     string              `json:"sql"`
	Millis  int64               `json:"millis"`
	Memory  int64               `json:"memory"`
	MaxRows int                 `json:"maxRows"`
	Temp    string              `json:"temp"`
	Files   map[string][]string `json:"files"` // absolute paths by log; of a log without records an empty file
}

// reply is a line of what the process of a query says: first the columns, then rows,
// then the end.
type reply struct {
	Columns []string `json:"columns,omitempty"`
	Types   []string `json:"types,omitempty"`
	Row     []any    `json:"row,omitempty"`
	End     bool     `json:"end,omitempty"`
	Cut     bool     `json:"cut,omitempty"`
	Error   string   `json:"error,omitempty"`
}

// maxAnswer bounds what a query may answer, in bytes.
const maxAnswer = 512 << 20

// Ask runs one SELECT over files of the lake in dir. It runs in a process of its own that
// gets no environment, that may read these files and nothing else, that may not write, and
// that is ended when its time or its memory is over. Where the kernel offers it (Landlock of
// Linux), it also sees to that; everywhere the SQL engine itself does.
func Ask(ctx context.Context, engine Engine, dir string, files []haetae.LakeFile, q Query) (*Answer, error) {
	if !Built() {
		return nil, NotBuilt()
	}
	if err := oneSelect(q.SQL); err != nil {
		return nil, &haetae.Error{Code: haetae.Invalid, Op: "query", Err: err, Hint: "Give one SELECT; haetae logs tables lists the tables, docs/logs.md has examples."}
	}
	temp, err := os.MkdirTemp("", "haetae-query-")
	if err != nil {
		return nil, failure("make a folder for the query", err)
	}
	defer os.RemoveAll(temp)
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, failure("find the lake", err)
	}
	r := request{SQL: q.SQL, Millis: q.Timeout.Milliseconds(), Memory: q.Memory, MaxRows: q.MaxRows, Temp: temp, Files: map[string][]string{}}
	for _, f := range files {
		r.Files[string(f.Log)] = append(r.Files[string(f.Log)], filepath.Join(dir, filepath.FromSlash(f.Path)))
	}
	low := strings.ToLower(q.SQL)
	for _, t := range Tables() {
		if !t.in(low) {
			delete(r.Files, string(t.Log)) // nothing of it is opened
		} else if len(r.Files[string(t.Log)]) == 0 {
			path, err := emptyFile(temp, &t)
			if err != nil {
				return nil, err
			}
			r.Files[string(t.Log)] = []string{path}
		}
	}
	return process(ctx, engine, dir, &r, q)
}

// in tells whether a query, in lower case, speaks of the table.
func (t *Table) in(query string) bool {
	for _, name := range append([]string{t.Name}, t.Aliases...) {
		_, short, ok := strings.Cut(name, ".")
		if strings.Contains(query, name) || ok && strings.Contains(query, short) {
			return true
		}
	}
	return false
}

// emptyFile writes a file of a table without records: a query of it has its columns.
func emptyFile(dir string, t *Table) (string, error) {
	at := filepath.Join(dir, dayFolder+"1970-01-01")
	if err := os.MkdirAll(at, 0o700); err != nil {
		return "", failure("make a folder for the query", err)
	}
	var r rows
	switch {
	case t.columns != nil:
		s, err := shapeOf(t)
		if err != nil {
			return "", err
		}
		r = &eventRows{shape: s}
	case t.Log == haetae.ResolverQuery:
		r = &lookupRows{}
	default:
		r = &flowRows{}
	}
	f, err := os.OpenFile(filepath.Join(at, string(t.Log)+".parquet"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", failure("write for the query", err)
	}
	if err := errors.Join(r.file(f).Close(), f.Close()); err != nil {
		return "", failure("write for the query", err)
	}
	return f.Name(), nil
}

// process starts the process and reads what it says.
func process(ctx context.Context, engine Engine, dir string, r *request, q Query) (*Answer, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	// The process has its own clock; that it does not hang without it is this one.
	limit, cancel := context.WithTimeout(ctx, q.Timeout+5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(limit, engine.Path)
	cmd.Args = append(engine.Args, dir, r.Temp, fmt.Sprint(q.Memory), fmt.Sprint(int(q.Timeout.Seconds())+5))
	cmd.Env = []string{"TZ=UTC", "LC_ALL=C", "HOME=" + r.Temp, "TMPDIR=" + r.Temp}
	cmd.Dir = r.Temp
	cmd.Stdin = bytes.NewReader(body)
	said := &tail{}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, &haetae.Error{Code: haetae.Internal, Op: "start a process for the query", Err: err}
	}
	a, ended, err := readAnswer(out)
	if err != nil || !ended {
		_ = cmd.Cancel() // it may be gone already
	}
	_, _ = io.Copy(io.Discard, out)
	wait := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	case ended:
		return a, nil
	case limit.Err() != nil:
		return nil, tooLong(q.Timeout)
	}
	return nil, &haetae.Error{Code: haetae.Unavailable, Op: "query", Err: fmt.Errorf("its process ended without an answer (%v)%s", wait, said.text()),
		Hint: "It may have needed more memory than --memory gives: narrow it with WHERE, or give more."}
}

// tooLong says that a query was ended.
func tooLong(limit time.Duration) error {
	return &haetae.Error{Code: haetae.Unavailable, Op: "query", Err: fmt.Errorf("not finished after %s", limit), Hint: "Narrow it with WHERE (day = '2026/11/10' leaves out other days), or give more time with --timeout."}
}

// readAnswer reads what the process of a query says. ended tells whether it came to the end.
func readAnswer(r io.Reader) (a *Answer, ended bool, err error) {
	l := &io.LimitedReader{R: r, N: maxAnswer}
	d := json.NewDecoder(bufio.NewReaderSize(l, 256<<10))
	d.UseNumber()
	a = &Answer{Rows: [][]any{}}
	for {
		var x reply
		if err := d.Decode(&x); err != nil {
			if l.N <= 0 {
				return nil, false, &haetae.Error{Code: haetae.Invalid, Op: "query", Err: fmt.Errorf("the answer has more than %d MB", maxAnswer>>20), Hint: "Ask for fewer rows with --max-rows, or for fewer columns."}
			}
			return nil, false, nil
		}
		switch {
		case x.Error == errTime:
			return nil, false, &haetae.Error{Code: haetae.Unavailable, Op: "query", Err: errors.New("not finished in its time"),
				Hint: "Narrow it with WHERE (day = '2026/11/10' leaves out other days), or give more time with --timeout."}
		case x.Error != "":
			return nil, false, &haetae.Error{Code: haetae.Invalid, Op: "query", Err: errors.New(x.Error), Hint: hintOf(x.Error)}
		case x.End:
			a.Cut = x.Cut
			return a, true, nil
		case x.Columns != nil:
			a.Columns, a.Types = x.Columns, x.Types
		default:
			a.Rows = append(a.Rows, x.Row)
		}
	}
}

// errTime is what the process of a query says when its time was over.
const errTime = "time"

// hintOf is the next step after an error of the SQL engine.
func hintOf(text string) string {
	switch {
	case strings.Contains(text, "Out of Memory"):
		return "Narrow it with WHERE, or give more memory with --memory."
	case strings.Contains(text, "Permission Error"), strings.Contains(text, "disabled"):
		return "A query reads the tables of the lake and nothing else."
	}
	return "haetae logs tables lists the tables and their columns; docs/logs.md has what is different from Athena."
}

// tail keeps the beginning of what a process says on stderr.
type tail struct{ b []byte }

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.b = append(t.b, b[:min(len(b), max(2000-len(t.b), 0))]...)
	return len(b), nil
}

func (t *tail) text() string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(t.b)), "\n")
	if line == "" {
		return ""
	}
	return ": " + line
}

// oneSelect refuses what plainly is no question, before a process is started for it. The
// process looks again, with the parser of the SQL engine.
func oneSelect(query string) error {
	rest := strings.TrimSpace(query)
	for strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "/*") || strings.HasPrefix(rest, "(") {
		end, skip := strings.IndexByte(rest, '\n'), 1
		if strings.HasPrefix(rest, "/*") {
			end, skip = strings.Index(rest, "*/"), 2
		} else if strings.HasPrefix(rest, "(") {
			end = 0
		}
		if end < 0 {
			break
		}
		rest = strings.TrimSpace(rest[end+skip:])
	}
	if rest == "" {
		return errors.New("empty")
	}
	word := strings.ToUpper(rest)
	for _, w := range []string{"SELECT", "WITH", "VALUES", "FROM", "DESCRIBE", "SHOW", "SUMMARIZE", "TABLE"} {
		if strings.HasPrefix(word, w) {
			return nil
		}
	}
	return errors.New("not a SELECT")
}
