package iam

import (
	"encoding/binary"
	"sync"

	"github.com/haetae/haetae/wildcard"
)

// classMemo remembers the classes into which patterns divide texts. In a world
// the same conditions come back for millions of pairs, and finding the classes is
// most of what an open decision costs. It holds no verdicts. Many goroutines may
// use it at once; a nil one remembers nothing.
type classMemo struct {
	mu sync.RWMutex
	by map[string]classTexts
}

type classTexts struct {
	texts []string
	whole bool
}

// maxRemembered bounds the entries: some hundred bytes each. When they are as
// many, all are forgotten.
const maxRemembered = 200_000

// classes is [classes], found once. Nobody may change the texts.
func (m *classMemo) classes(base *wildcard.Pattern, patterns []*wildcard.Pattern) ([]string, bool) {
	if m == nil {
		return classes(base, patterns)
	}
	var b []byte
	for _, p := range append([]*wildcard.Pattern{base}, patterns...) {
		k := p.Key()
		b = binary.AppendUvarint(b, uint64(len(k)))
		b = append(b, k...)
	}
	m.mu.RLock()
	c, ok := m.by[string(b)]
	m.mu.RUnlock()
	if ok {
		return c.texts, c.whole
	}
	c.texts, c.whole = classes(base, patterns)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil || len(m.by) >= maxRemembered {
		m.by = map[string]classTexts{}
	}
	m.by[string(b)] = c
	return c.texts, c.whole
}
