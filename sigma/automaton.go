package sigma

// automaton finds many texts in one pass over another (Aho and Corasick). Bytes
// that occur in no text share one class, so that a state is a short row.
type automaton struct {
	class   [256]uint8
	classes int
	next    []int32 // state × class → state
	out     []int32 // state → first entry of the list of texts that end there, 0 for none
	more    []int32 // entry → next entry
	pattern []int32 // entry → number of the text
}

// newAutomaton builds it for texts that differ and are not empty.
func newAutomaton(texts []string) *automaton {
	a := &automaton{classes: 1, more: []int32{0}, pattern: []int32{0}}
	for _, t := range texts {
		for i := 0; i < len(t); i++ {
			if a.class[t[i]] == 0 && a.classes < 256 {
				a.class[t[i]] = uint8(a.classes)
				a.classes++
			}
		}
	}
	a.state()
	for n, t := range texts {
		at := int32(0)
		for i := 0; i < len(t); i++ {
			slot := int(at)*a.classes + int(a.class[t[i]])
			if a.next[slot] == 0 {
				a.next[slot] = a.state()
			}
			at = a.next[slot]
		}
		a.more = append(a.more, a.out[at])
		a.pattern = append(a.pattern, int32(n))
		a.out[at] = int32(len(a.pattern) - 1)
	}
	a.link()
	return a
}

func (a *automaton) state() int32 {
	a.next = append(a.next, make([]int32, a.classes)...)
	a.out = append(a.out, 0)
	return int32(len(a.out) - 1)
}

// link fills in where to go on when a text does not continue, breadth first, so
// that shorter ends are complete before longer ones need them.
func (a *automaton) link() {
	fail := make([]int32, len(a.out))
	var queue []int32
	for c := range a.classes {
		if s := a.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		f := fail[s]
		// What ends in the shorter end ends here too. Each state has at most
		// one text of its own, so its list is that text and then f's list.
		if a.out[s] == 0 {
			a.out[s] = a.out[f]
		} else {
			a.more[a.out[s]] = a.out[f]
		}
		for c := range a.classes {
			slot := int(s)*a.classes + c
			if t := a.next[slot]; t != 0 {
				fail[t] = a.next[int(f)*a.classes+c]
				queue = append(queue, t)
			} else {
				a.next[slot] = a.next[int(f)*a.classes+c]
			}
		}
	}
}

func (a *automaton) step(state int32, b byte) int32 {
	return a.next[int(state)*a.classes+int(a.class[b])]
}
