// Package terraform reads Terraform plans and states, as `terraform show -json`
// prints them, into resources of CloudFormation's shape.
//
// types.yaml says which CloudFormation type a resource type of the provider is,
// and which of its names differ; all other names are found by the schema. A
// resource that only says a part of another one (aws_s3_bucket_versioning) is
// joined with it here; children that CloudFormation has too are folded by
// package graph.
//
// Some decisions:
//   - The address is the ID: module.a.aws_s3_bucket.b["x"].
//   - What is known only after apply is a [haetae.Unknown]. It refers to the
//     resource that the expression in the configuration names, when that is one.
//   - What is known only after apply and is not in the configuration was not
//     set: the provider will ask AWS what it took. It is left out, as it would be
//     in a template, and AWS's default is filled in at the door.
//   - A sensitive value is never kept. One that the configuration spells out is
//     a [haetae.Secret]; one that comes from elsewhere is unknown, like a NoEcho
//     parameter of a template.
//   - The id of a resource in the same plan, where a property refers to it, is a
//     reference, whether or not it is known already.
//   - A plan is a complete world, like a template. What is destroyed is not in it.
//
// The format is https://developer.hashicorp.com/terraform/internals/json-format.
package terraform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

// Options say what a plan does not.
type Options struct {
	// Account and Region are where resources are whose provider does not say; ""
	// leaves them unknown.
	Account, Region string
	// FS is the folder of the root module's *.tf files, to find the lines of
	// resources; nil when they are not at hand.
	FS fs.FS
	// Shown is what the user typed for the root of FS; it begins the names of
	// the *.tf files in the result.
	Shown string
	// MaxBytes is the size of the largest plan that is read; 0 is 256 MiB.
	MaxBytes int64
}

const defaultMaxBytes = 256 << 20

// Load reads a plan from a file, with the lines of the *.tf files beside it.
// name is a path in fsys; shown is what the user typed for the root of fsys.
// Errors are of type [haetae.Error] and name the file.
func Load(ctx context.Context, fsys fs.FS, name, shown string, o Options) (*haetae.Snapshot, error) {
	file := path.Join(shown, name)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, notRead(file, err)
	}
	if info.Size() > o.maxBytes() {
		return nil, tooLarge(file, o.maxBytes())
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, notRead(file, err)
	}
	if dir, err := fs.Sub(fsys, path.Dir(name)); err == nil && o.FS == nil {
		o.FS, o.Shown = dir, path.Join(shown, path.Dir(name))
	}
	return Parse(data, file, o)
}

// Parse reads a plan or a state from bytes; file is its name for people and for
// the stack that it makes.
func Parse(data []byte, file string, o Options) (*haetae.Snapshot, error) {
	if int64(len(data)) > o.maxBytes() {
		return nil, tooLarge(file, o.maxBytes())
	}
	var doc document
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, invalid(file, fmt.Errorf("it is not the JSON of a plan: %w", err))
	}
	if err := doc.check(); err != nil {
		return nil, invalid(file, err)
	}
	sch, err := schema.Load()
	if err != nil {
		return nil, fmt.Errorf("load the schema: %w", err)
	}
	types, err := mappings()
	if err != nil {
		return nil, fmt.Errorf("types.yaml: %w", err)
	}
	return newReader(&doc, file, o, sch, types).read(), nil
}

// Is tells whether the bytes look like a plan or a state, by the names at the
// top of the first 4 KiB.
func Is(data []byte) bool {
	data = bytes.TrimLeft(bytes.TrimPrefix(data[:min(len(data), 4096)], []byte("\ufeff")), " \t\r\n")
	if len(data) == 0 || data[0] != '{' {
		return false
	}
	return bytes.Contains(data, []byte(`"planned_values"`)) ||
		bytes.Contains(data, []byte(`"format_version"`)) && bytes.Contains(data, []byte(`"terraform_version"`))
}

func (o Options) maxBytes() int64 {
	if o.MaxBytes > 0 {
		return o.MaxBytes
	}
	return defaultMaxBytes
}

const showHint = "Write one with: terraform plan -out plan.bin && terraform show -json plan.bin > plan.json"

func invalid(file string, err error) error {
	return &haetae.Error{Code: haetae.Invalid, Op: "read " + file, Err: err, Hint: showHint}
}

func tooLarge(file string, limit int64) error {
	return &haetae.Error{Code: haetae.Invalid, Op: "read " + file, Err: fmt.Errorf("it is larger than %d bytes", limit),
		Hint: "Give --max-bytes, or plan fewer resources at once."}
}

func notRead(file string, err error) error {
	code, hint := haetae.Invalid, "Check the permissions of the file."
	if errors.Is(err, fs.ErrNotExist) {
		code, hint = haetae.NotFound, "Check the path."
	}
	return &haetae.Error{Code: code, Op: "read " + file, Err: err, Hint: hint}
}

// check says why a document cannot be used.
func (d *document) check() error {
	major, _, _ := strings.Cut(d.FormatVersion, ".")
	switch {
	case d.FormatVersion == "":
		return errors.New("it has no format_version")
	case major != "1" && d.FormatVersion != "0.1" && d.FormatVersion != "0.2":
		return fmt.Errorf("format_version %s is not one that this version reads", d.FormatVersion)
	case d.PlannedValues == nil && d.Values == nil:
		return errors.New("it has neither planned_values nor values")
	}
	return nil
}
