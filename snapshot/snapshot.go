// Package snapshot reads and writes snapshot files (*.snap.zst): JSON lines
// under zstd, a header first, then coverage, problems and resources in order.
// Equal content gives equal bytes.
package snapshot

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/haetae/haetae"
)

// Version is the version of the format; a file of another one is refused.
const Version = 1

// maxLine bounds one record: a resource with a very large policy is some MiB.
const maxLine = 256 << 20

// line is one record; exactly one member is set.
type line struct {
	Header   *header          `json:"haetae,omitempty"`
	Coverage *haetae.Coverage `json:"coverage,omitempty"`
	Problem  *haetae.Problem  `json:"problem,omitempty"`
	Resource *resource        `json:"resource,omitempty"`
}

type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Time    int64  `json:"time"`
	Count   int    `json:"resources"`
}

// resource is a resource as it is written: short names, empty parts left out.
type resource struct {
	Type        string          `json:"type"`
	ID          string          `json:"id"`
	ARN         string          `json:"arn,omitempty"`
	Account     string          `json:"account,omitempty"`
	Region      string          `json:"region,omitempty"`
	Stack       string          `json:"stack,omitempty"`
	Tags        json.RawMessage `json:"tags,omitempty"`
	TagsUnknown *haetae.Unknown `json:"tagsUnknown,omitempty"`
	Props       json.RawMessage `json:"props,omitempty"`
	Observed    json.RawMessage `json:"observed,omitempty"`
	Volatile    json.RawMessage `json:"volatile,omitempty"`
	Origin      *haetae.Origin  `json:"origin,omitempty"`
	Stub        *haetae.Unknown `json:"stub,omitempty"`
}

// Write writes a snapshot that graph.Assemble made.
func Write(w io.Writer, s *haetae.Snapshot) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
	if err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	enc := json.NewEncoder(z)
	enc.SetEscapeHTML(false)
	put := func(l line) {
		if err == nil {
			err = enc.Encode(l)
		}
	}
	put(line{Header: &header{"haetae snapshot", Version, s.Time, len(s.Resources)}})
	for i := range s.Coverage {
		put(line{Coverage: &s.Coverage[i]})
	}
	for i := range s.Problems {
		put(line{Problem: &s.Problems[i]})
	}
	for _, r := range s.Resources {
		if err != nil {
			break
		}
		var out *resource
		if out, err = encode(r); err != nil {
			return fmt.Errorf("write snapshot: %s %s: %w", r.Type, r.ID, err)
		}
		put(line{Resource: out})
	}
	if err := errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

func encode(r *haetae.Resource) (*resource, error) {
	out := &resource{Type: r.Type, ID: r.ID, ARN: r.ARN, Account: r.Account, Region: r.Region, Stack: r.Stack,
		TagsUnknown: r.TagsUnknown, Origin: &r.Origin, Stub: r.Stub}
	for _, part := range []struct {
		from map[string]any
		to   *json.RawMessage
	}{{r.Tags, &out.Tags}, {r.Props, &out.Props}, {r.Observed, &out.Observed}, {r.Volatile, &out.Volatile}} {
		if part.from == nil {
			continue
		}
		raw, err := haetae.EncodeTree(part.from)
		if err != nil {
			return nil, err
		}
		*part.to = raw
	}
	return out, nil
}

// Is tells whether the bytes start like a snapshot file.
func Is(head []byte) bool { return bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}) }

// Read reads a snapshot; name is for messages. A file that was cut off is an
// error, not a smaller snapshot.
func Read(r io.Reader, name string) (*haetae.Snapshot, error) {
	fail := func(n int, err error) error {
		return &haetae.Error{Code: haetae.Invalid, Op: fmt.Sprintf("%s: record %d", name, n), Err: err,
			Hint: "The file is damaged or not a snapshot: write it again with haetae collect -o FILE."}
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(4<<30))
	if err != nil {
		return nil, fail(0, err)
	}
	defer z.Close()
	in := bufio.NewScanner(z)
	in.Buffer(make([]byte, 1<<20), maxLine)
	s := &haetae.Snapshot{}
	want := -1
	n := 0
	for in.Scan() {
		n++
		var l line
		dec := json.NewDecoder(bytes.NewReader(in.Bytes()))
		dec.UseNumber()
		if err := dec.Decode(&l); err != nil {
			return nil, fail(n, err)
		}
		switch {
		case l.Header != nil:
			if l.Header.Version != Version {
				return nil, &haetae.Error{Code: haetae.Invalid, Op: name, Err: fmt.Errorf("snapshot format %d; this program reads %d", l.Header.Version, Version),
					Hint: "Use the haetae version that wrote it, or collect again."}
			}
			s.Time, want = l.Header.Time, l.Header.Count
		case want < 0:
			return nil, fail(n, errors.New("no header"))
		case l.Coverage != nil:
			s.Coverage = append(s.Coverage, *l.Coverage)
		case l.Problem != nil:
			s.Problems = append(s.Problems, *l.Problem)
		case l.Resource != nil:
			res, err := decode(l.Resource)
			if err != nil {
				return nil, fail(n, err)
			}
			s.Resources = append(s.Resources, res)
		}
	}
	if err := in.Err(); err != nil {
		return nil, fail(n, err)
	}
	if want < 0 || len(s.Resources) != want {
		return nil, fail(n, fmt.Errorf("cut off: %d of %d resources", len(s.Resources), want))
	}
	return s, nil
}

func decode(in *resource) (*haetae.Resource, error) {
	r := &haetae.Resource{Type: in.Type, ID: in.ID, ARN: in.ARN, Account: in.Account, Region: in.Region, Stack: in.Stack,
		TagsUnknown: in.TagsUnknown, Stub: in.Stub}
	if in.Origin != nil {
		r.Origin = *in.Origin
	}
	for _, part := range []struct {
		from json.RawMessage
		to   *map[string]any
	}{{in.Tags, &r.Tags}, {in.Props, &r.Props}, {in.Observed, &r.Observed}, {in.Volatile, &r.Volatile}} {
		if len(part.from) == 0 {
			continue
		}
		m, err := haetae.DecodeObject(part.from)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", in.Type, in.ID, err)
		}
		*part.to = m
	}
	return r, nil
}
