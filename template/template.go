// Package template reads CloudFormation templates, in JSON or YAML, into
// resources.
//
// A template is evaluated as CloudFormation would do it, as far as the text
// alone says: intrinsic functions, conditions, mappings, loops, SAM and nested
// stacks. What the text does not say becomes a [haetae.Unknown] that keeps all
// that is known of it: the literal text around holes, and the resource that a
// reference leads to. No value is made up.
//
// Some decisions:
//   - A resource whose condition is false is left out. One whose condition is
//     not decided is there, like one without a condition.
//   - A list that may or may not hold an item is a [haetae.OpenList].
//   - A NoEcho parameter is a secret whatever its value; the detail of the
//     Unknown tells whether the template holds a default.
//   - Fn::Base64 encodes a text that is known. One that is known in part keeps
//     the parts of the text before the encoding, so that a secret in user data
//     can be found beside a reference.
//   - Dynamic references ({{resolve:…}}) stay as they are written.
//   - DeletionPolicy and UpdateReplacePolicy stand among the properties under
//     "$DeletionPolicy" and "$UpdateReplacePolicy".
//   - A resource of a nested stack has the ID "Nested/LogicalID", and
//     belongs to the stack of the root template.
//
// Children are not folded into parents and defaults are not filled in here:
// package graph does that for every source.
package template

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Options say what a template does not.
type Options struct {
	// Parameters are values of the template's parameters; they go before the
	// defaults.
	Parameters map[string]string
	// Account, Region and Partition are where the stack is thought to be; ""
	// leaves them unknown.
	Account, Region, Partition string
	// MaxBytes is the size of the largest file that is read; 0 is 64 MiB.
	MaxBytes int64
}

// Load reads a template, or all templates of a folder. name is a path in fsys,
// "." for all of it; shown is what the user typed for the root of fsys and
// begins each file name in the result.
//
// In a folder each template is a stack of its own, unless another one nests it.
// A file of a folder that cannot be read is a problem of the snapshot; a file
// that is named and cannot be read is an error.
func Load(ctx context.Context, fsys fs.FS, name, shown string, o Options) (*haetae.Snapshot, error) {
	lib := newLibrary(fsys, shown, o)
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, openError(path.Join(shown, name), err)
	}
	if info.IsDir() {
		return folder(ctx, lib, name, o)
	}
	doc := lib.load(name)
	if doc.err != nil {
		return nil, doc.err
	}
	snap, _, err := world(ctx, lib, doc, o)
	return snap, err
}

// Parse reads one template from bytes; file is its name for people. Templates
// that it nests are not at hand.
func Parse(data []byte, file string, o Options) (*haetae.Snapshot, error) {
	if file == "" {
		file = "template"
	}
	if int64(len(data)) > o.maxBytes() {
		return nil, tooLarge(file, o.maxBytes())
	}
	doc := &document{path: file, file: file}
	doc.parse(data)
	if doc.err != nil {
		return nil, doc.err
	}
	snap, _, err := world(context.Background(), nil, doc, o)
	return snap, err
}

// world evaluates one root template with what it nests, and returns the paths
// of the nested files too.
func world(ctx context.Context, lib *library, doc *document, o Options) (*haetae.Snapshot, map[string]bool, error) {
	r := &run{
		ctx: ctx, opts: o, lib: lib, snap: &haetae.Snapshot{}, world: doc.file,
		files: map[string]bool{}, problems: map[haetae.Problem]bool{},
	}
	if err := newStack(r, doc, nil, "", nil).emit(); err != nil {
		return nil, nil, err
	}
	c := haetae.Coverage{Stack: doc.file, Account: o.Account, Region: o.Region, Type: "*", Status: haetae.Complete}
	if len(r.partial) > 0 {
		c.Status, c.Reason, c.Detail = haetae.Partial, haetae.Unresolved, strings.Join(r.partial, "; ")
	}
	r.snap.Coverage = []haetae.Coverage{c}
	r.snap.Sort()
	return r.snap, r.files, nil
}

// folder evaluates all templates below a folder.
func folder(ctx context.Context, lib *library, root string, o Options) (*haetae.Snapshot, error) {
	snap := &haetae.Snapshot{}
	names, err := candidates(ctx, lib, root, snap)
	if err != nil {
		return nil, err
	}
	nested := map[string]bool{}
	worlds := map[string]*haetae.Snapshot{}
	others := 0
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", path.Join(lib.shown, root), err)
		}
		if nested[name] {
			continue
		}
		doc := lib.sniff(name)
		if doc.other {
			others++
			continue
		}
		if doc.err == nil {
			w, files, err := world(ctx, lib, doc, o)
			if ctx.Err() != nil {
				return nil, fmt.Errorf("read %s: %w", doc.file, err)
			}
			if err == nil {
				worlds[name] = w
				for f := range files {
					nested[f] = true
				}
				continue
			}
			doc.err = err
		}
		snap.Problems = append(snap.Problems, doc.problem())
	}
	for _, name := range names {
		if w := worlds[name]; w != nil && !nested[name] {
			snap.Resources = append(snap.Resources, w.Resources...)
			snap.Coverage = append(snap.Coverage, w.Coverage...)
			snap.Problems = append(snap.Problems, w.Problems...)
		}
	}
	if len(worlds) == 0 && len(snap.Problems) == 0 {
		return nil, &haetae.Error{
			Code: haetae.NotFound,
			Op:   "read " + path.Join(lib.shown, root),
			Err:  errors.New("the folder holds no CloudFormation template"),
			Hint: "Templates end in .json, .yaml, .yml or .template and have a section Resources; name the folder that holds them.",
		}
	}
	if others > 0 {
		snap.Problems = append(snap.Problems, haetae.Problem{
			Place: haetae.Place{File: path.Join(lib.shown, root)},
			Error: fmt.Sprintf("%d files are not CloudFormation templates", others),
		})
	}
	// A broken file that another one nests is reported by both.
	seen := map[haetae.Problem]bool{}
	snap.Problems = slices.DeleteFunc(snap.Problems, func(p haetae.Problem) bool {
		again := seen[p]
		seen[p] = true
		return again
	})
	snap.Sort()
	return snap, nil
}

// candidates lists the files of a folder that may be templates, sorted.
func candidates(ctx context.Context, lib *library, root string, snap *haetae.Snapshot) ([]string, error) {
	var names []string
	err := fs.WalkDir(lib.fsys, root, func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			bad := &document{file: path.Join(lib.shown, name), err: openError(path.Join(lib.shown, name), err)}
			snap.Problems = append(snap.Problems, bad.problem())
			return nil
		}
		if d.IsDir() {
			if n := d.Name(); name != root && (n == ".git" || n == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if ends(name) {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", path.Join(lib.shown, root), err)
	}
	slices.Sort(names)
	return names, nil
}

// sniff loads a file of a folder only if it looks like a template.
func (l *library) sniff(name string) *document {
	if d := l.docs[name]; d != nil {
		return d
	}
	d := &document{path: name, file: path.Join(l.shown, name)}
	data, err := l.read(name, d.file)
	switch {
	case err != nil:
		d.err = err
	case !Is(data):
		d.other = true
		d.err = notATemplate(d.file)
	default:
		d.parse(data)
	}
	l.docs[name] = d
	return d
}

// Is tells whether the bytes look like a CloudFormation template, without
// reading all of them: a top-level section that only templates have.
func Is(data []byte) bool {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n")
	if len(data) == 0 {
		return false
	}
	if data[0] == '{' {
		return isJSON(data)
	}
	resources := false
	for line := range bytes.Lines(data) {
		// Quoted keys are as good as plain ones.
		name, rest, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte{':'})
		if !ok {
			continue
		}
		switch string(bytes.Trim(name, `"'`)) {
		case "AWSTemplateFormatVersion":
			return true
		case "Resources":
			rest = bytes.TrimSpace(rest)
			resources = len(rest) == 0 || rest[0] == '#' || rest[0] == '{'
		}
	}
	return resources && bytes.Contains(data, []byte("Type")) && bytes.Contains(data, []byte("::"))
}

// isJSON looks at the top-level names of a JSON object, and stops at the first
// that decides.
func isJSON(data []byte) bool {
	depth, resources := 0, false
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			start := i + 1
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
			if depth != 1 || i >= len(data) {
				continue
			}
			rest := bytes.TrimLeft(data[i+1:min(len(data), i+64)], " \t\r\n")
			if len(rest) == 0 || rest[0] != ':' {
				continue
			}
			switch string(data[start:i]) {
			case "AWSTemplateFormatVersion":
				return true
			case "Resources":
				rest = bytes.TrimLeft(rest[1:], " \t\r\n")
				resources = resources || len(rest) > 0 && rest[0] == '{'
			}
		}
	}
	return resources && bytes.Contains(data, []byte(`"Type"`)) && bytes.Contains(data, []byte("::"))
}
