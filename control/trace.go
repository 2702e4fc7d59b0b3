package control

import (
	"strings"

	"github.com/haetae/haetae"
)

// nowhere is the path of a value that was computed rather than read.
const nowhere = "\x00"

// trace gathers what an evaluation read, for the evidence of a finding. It is
// used only for what failed or stayed unknown: a second evaluation of the same
// expression. A nil trace gathers nothing.
type trace struct {
	reads []reading
}

// reading is one property that was read, or one element that decided.
type reading struct {
	path  string
	value any
	has   bool // only whether it is there was asked
	// derived is set for an answer over the whole snapshot, which no template writes.
	derived bool
}

func (t *trace) read(path string, v any, has bool) {
	if strings.HasPrefix(path, nowhere) {
		return
	}
	t.reads = append(t.reads, reading{path: path, value: v, has: has})
}

// once leaves one reading of each path: one of the value rather than one of
// its presence. It runs last, since a loop may still drop readings.
func (t *trace) once() {
	at := map[string]int{}
	kept := t.reads[:0]
	for _, r := range t.reads {
		i, seen := at[r.path]
		switch {
		case !seen:
			at[r.path] = len(kept)
			kept = append(kept, r)
		case kept[i].has && !r.has:
			kept[i] = r
		}
	}
	t.reads = kept
}

// mark is a position in the trace.
func (t *trace) mark() int {
	if t == nil {
		return 0
	}
	return len(t.reads)
}

// keepOnly forgets what was read between two marks.
func (t *trace) keepOnly(from, to int) {
	if t == nil || from >= to {
		return
	}
	t.reads = append(t.reads[:from], t.reads[to:]...)
}

// evidence turns the readings into evidence about r. What is a prefix of
// another reading is left out: the part says more than the whole.
func (t *trace) evidence(r *haetae.Resource) []haetae.Evidence {
	var out []haetae.Evidence
	t.once()
	for i, read := range t.reads {
		if read.path == "" || t.hasPart(i) {
			continue
		}
		e := haetae.Evidence{Path: read.path, Value: read.value, Place: r.Origin.At(read.path), From: "declared"}
		if read.has {
			switch read.value {
			case true:
				e.Value = "set"
			case false:
				e.Value = nil
			}
		}
		switch {
		case e.Place.Child != "":
			e.From = "child"
		case !r.Declared():
			e.From = "observed"
		case !read.derived && !written(r, read.path):
			e.From = "default"
		}
		out = append(out, e)
	}
	return out
}

// written tells whether a template says something at the path or below it.
func written(r *haetae.Resource, path string) bool {
	if _, ok := r.Origin.Paths[path]; ok {
		return true
	}
	for p := range r.Origin.Paths {
		if rest, ok := strings.CutPrefix(p, path); ok && (rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

// hasPart tells whether another reading goes deeper than reading i.
func (t *trace) hasPart(i int) bool {
	p := t.reads[i].path
	for _, o := range t.reads {
		if len(o.path) > len(p) && o.path[:len(p)] == p && (o.path[len(p)] == '.' || o.path[len(p)] == '[') {
			return true
		}
	}
	return false
}
