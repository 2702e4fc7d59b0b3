package policy

import (
	"github.com/haetae/haetae/wildcard"
)

// Set is the set of the texts that Match takes.
func (f Filled) Set() *wildcard.Pattern { return f.set }

// FieldSet is the set of the texts that ByField takes.
func (f Filled) FieldSet() *wildcard.Pattern {
	if f.byField != nil {
		return f.byField
	}
	return f.parts.set(true)
}

// set is the set of the texts that fit when wildcards within the first five
// fields of an ARN stay there. With strict those at the end of a field do too.
func (f filled) set(strict bool) *wildcard.Pattern {
	var out []wildcard.Part
	field := 0
	for i, p := range f.parts {
		text, literal := p.text, p.literal
		if p.name != "" {
			text, literal = f.values[i], true
		}
		for j, r := range text {
			part := wildcard.Part{Text: string(r), Literal: literal}
			switch {
			case r == '*' && !literal:
				end := j+1 == len(text) && i+1 == len(f.parts) || j+1 < len(text) && (text[j+1] == ':' || text[j+1] == '*')
				part.Field = field < 5 && (strict || !end)
			case r == '?' && !literal:
				part.Field = field < 5
			case r == ':':
				field++
			}
			out = append(out, part)
		}
	}
	return wildcard.Join(false, out...)
}
