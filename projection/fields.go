// Package projection reads the wanted fields of JSON objects in one pass over their
// bytes. What is not wanted is checked and passed over, and nothing is copied.
//
// A field is a path of names with dots between them. A list on the way stands for
// each of its elements. Objects of which the answer would not be plain (names with
// escapes or that stand twice, names with dots that may be a path, broken UTF-8)
// are told as [Odd]: encoding/json is to be asked about those.
package projection

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// Fields are the paths that are wanted, numbered from 0 in the order in which they
// were given. They do not change and may be shared.
type Fields struct {
	names  []string
	number map[string]int
	paths  []bool // by number: the name is one that objects are searched for
	nodes  []node
}

// node is a place in the tree of all paths.
type node struct {
	field   int32 // the number of the path that ends here, or -1
	shift   uint8
	entries []entry // a hash table of what is below, nil where nothing is
	below   map[string]int32
}

type entry struct {
	name string
	node int32 // 0 is no entry, as nothing leads to the root
}

// New makes Fields of paths. One that stands twice has the first number.
func New(names []string) *Fields {
	f := &Fields{number: map[string]int{}, nodes: []node{{field: -1, below: map[string]int32{}}}}
	for _, name := range names {
		if _, again := f.number[name]; again {
			f.names, f.paths = append(f.names, name), append(f.paths, false)
			continue
		}
		f.number[name] = len(f.names)
		f.names = append(f.names, name)
		f.paths = append(f.paths, f.add(name, int32(len(f.names)-1)))
	}
	for i := range f.nodes {
		f.nodes[i].seal()
	}
	return f
}

// add puts a path into the tree. Paths with empty steps are left to encoding/json.
func (f *Fields) add(name string, number int32) bool {
	steps := strings.Split(name, ".")
	for _, s := range steps {
		if s == "" {
			return false
		}
	}
	at := int32(0)
	for _, s := range steps {
		next, ok := f.nodes[at].below[s]
		if !ok {
			next = int32(len(f.nodes))
			f.nodes = append(f.nodes, node{field: -1, below: map[string]int32{}})
			f.nodes[at].below[s] = next
		}
		at = next
	}
	f.nodes[at].field = number
	return true
}

// Number is that of a path; ok is false for one that was not asked for, or of which
// objects cannot be searched in one pass.
func (f *Fields) Number(name string) (n int, ok bool) {
	n, ok = f.number[name]
	return n, ok && f.paths[n]
}

// Name is the path of a number.
func (f *Fields) Name(n int) string { return f.names[n] }

// Len is how many paths there are.
func (f *Fields) Len() int { return len(f.names) }

// seal makes the table of a node.
func (n *node) seal() {
	if len(n.below) == 0 {
		return
	}
	size := bits.Len(uint(4*len(n.below) - 1))
	n.shift = uint8(64 - size)
	n.entries = make([]entry, 1<<size)
	for name, to := range n.below {
		i := hash([]byte(name)) >> n.shift
		for n.entries[i].node != 0 {
			i = (i + 1) & uint64(len(n.entries)-1)
		}
		n.entries[i] = entry{name, to}
	}
}

// find is the node below for a name, or 0.
func (n *node) find(name []byte) int32 {
	i := hash(name) >> n.shift
	for {
		e := &n.entries[i]
		if e.node == 0 || e.name == string(name) {
			return e.node
		}
		i = (i + 1) & uint64(len(n.entries)-1)
	}
}

// hash looks at both ends of a name and at its length. Names of events cannot make
// a search long: it ends at the first gap, and what is in a table is ours.
func hash(name []byte) uint64 {
	n := len(name)
	h := uint64(n)
	switch {
	case n >= 8:
		h += binary.LittleEndian.Uint64(name) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(name[n-8:]), 29)
	case n >= 4:
		h += uint64(binary.LittleEndian.Uint32(name)) | uint64(binary.LittleEndian.Uint32(name[n-4:]))<<32
	case n > 0:
		h += uint64(name[0]) | uint64(name[n>>1])<<8 | uint64(name[n-1])<<16
	}
	return h * 0x9e3779b97f4a7c15
}
