package template

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/haetae/haetae"
)

// defaultMaxBytes is the size of file that is read when Options does not say.
const defaultMaxBytes = 64 << 20

// document is one file that was read.
type document struct {
	path     string // in the file system
	file     string // as shown to people
	size     int
	root     *node
	notes    []note
	comments []comment
	err      error
	other    bool // it is no CloudFormation template
}

// library reads files once each.
type library struct {
	fsys  fs.FS
	shown string
	max   int64
	docs  map[string]*document
}

// newLibrary returns a library over a folder.
func newLibrary(fsys fs.FS, shown string, o Options) *library {
	return &library{fsys: fsys, shown: shown, max: o.maxBytes(), docs: map[string]*document{}}
}

func (o Options) maxBytes() int64 {
	if o.MaxBytes > 0 {
		return o.MaxBytes
	}
	return defaultMaxBytes
}

// load reads a file; its fault, if any, is in err.
func (l *library) load(name string) *document {
	if d := l.docs[name]; d != nil {
		return d
	}
	d := &document{path: name, file: path.Join(l.shown, name)}
	l.docs[name] = d
	data, err := l.read(name, d.file)
	if err != nil {
		d.err = err
		return d
	}
	d.parse(data)
	return d
}

// read returns the bytes of a file that is not too large.
func (l *library) read(name, shown string) ([]byte, error) {
	f, err := l.fsys.Open(name)
	if err != nil {
		return nil, openError(shown, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, l.max+1))
	if err != nil {
		return nil, openError(shown, err)
	}
	if int64(len(data)) > l.max {
		return nil, tooLarge(shown, l.max)
	}
	return data, nil
}

// openError says why a file could not be read.
func openError(file string, err error) error {
	e := &haetae.Error{Code: haetae.Unavailable, Op: "read " + file, Err: err, Hint: "Check that the file is there and can be read."}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Code, e.Hint = haetae.NotFound, "Check the path."
	case errors.Is(err, fs.ErrPermission):
		e.Code, e.Hint = haetae.AccessDenied, "Give yourself permission to read the file."
	}
	return e
}

// tooLarge says that a file is larger than any template.
func tooLarge(file string, limit int64) error {
	return &haetae.Error{
		Code: haetae.Invalid,
		Op:   "read " + file,
		Err:  fmt.Errorf("the file is larger than %d MiB", limit>>20),
		Hint: "CloudFormation itself takes templates of up to 1 MB; if this is one, raise the limit with --max-bytes.",
	}
}

// parse reads the text of a document.
func (d *document) parse(data []byte) {
	d.size = len(data)
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	root, notes, err := decode(data)
	if err != nil {
		d.err = d.fault(err)
		return
	}
	d.root, d.notes = root, notes
	if !isTemplate(root) {
		d.other = true
		d.err = notATemplate(d.file)
		return
	}
	d.comments = comments(data)
}

// decode reads JSON or YAML.
func decode(data []byte) (*node, []note, error) {
	if t := bytes.TrimSpace(data); len(t) > 0 && t[0] == '{' {
		n, notes, err := readJSON(data)
		if err == nil {
			return n, notes, nil
		}
		// YAML's own braces, or JSON with comments or a comma too many, which
		// CloudFormation reads as YAML.
		if n, notes, yerr := readYAML(data); yerr == nil {
			return n, notes, nil
		}
		return nil, nil, err
	}
	return readYAML(data)
}

// fault says in which line a text is broken.
func (d *document) fault(err error) error {
	e := &haetae.Error{Code: haetae.Invalid, Op: "read " + d.file, Err: err, Hint: "Check the file with a JSON or YAML validator."}
	var s *syntaxError
	if errors.As(err, &s) {
		if s.line > 0 {
			e.Op += fmt.Sprintf(":%d", s.line)
		}
		if s.hint != "" {
			e.Hint = s.hint
		}
	}
	return e
}

// problem makes the document's fault a problem of the snapshot.
func (d *document) problem() haetae.Problem {
	p := haetae.Problem{Place: haetae.Place{File: d.file}, Error: d.err.Error(), Hint: haetae.HintOf(d.err), Fatal: true}
	var s *syntaxError
	if errors.As(d.err, &s) {
		p.Place.Line = s.line
		p.Error = s.Error()
	} else if e := errors.Unwrap(d.err); e != nil {
		p.Error = e.Error()
	}
	return p
}

// isTemplate tells whether a document is a CloudFormation template.
func isTemplate(n *node) bool {
	if !n.isMap() {
		return false
	}
	return n.get("AWSTemplateFormatVersion") != nil || n.get("Resources") != nil || n.get("Transform") != nil
}

// notATemplate says what is accepted.
func notATemplate(file string) error {
	return &haetae.Error{
		Code: haetae.Invalid,
		Op:   "read " + file,
		Err:  errors.New("the file is not a CloudFormation template"),
		Hint: `A template is a JSON or YAML map with a section "Resources".`,
	}
}

// ends tells whether a file name is one that templates have.
func ends(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".json", ".yaml", ".yml", ".template":
		return true
	}
	return false
}
