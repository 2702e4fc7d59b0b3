package permission

import (
	"slices"
	"strings"
)

// template is the text of an ARN or a key of which parts are variables, as a
// pattern for wild: a variable is at least one character.
type template string

// parseTemplate makes "arn:?*:s3:::?*" of "arn:${Partition}:s3:::${BucketName}".
// AWS writes the variables of a few keys of s3 as "<key>".
func parseTemplate(text string) template {
	var b strings.Builder
	for {
		i := strings.IndexAny(text, "$<")
		if i < 0 {
			b.WriteString(text)
			return template(b.String())
		}
		b.WriteString(text[:i])
		text = text[i:]
		end := "}"
		if text[0] == '<' {
			end = ">"
		}
		_, rest, ok := strings.Cut(text, end)
		if !ok || end == "}" && !strings.HasPrefix(text, "${") {
			b.WriteByte(text[0])
			text = text[1:]
			continue
		}
		b.WriteString("?*")
		text = rest
	}
}

// fits tells whether a text can be had by filling in the variables.
func (t template) fits(text string) bool { return wild(string(t), text) }

// literal is how many characters of the template are given.
func (t template) literal() int {
	return len(t) - strings.Count(string(t), "*") - strings.Count(string(t), "?")
}

// form is one way in which the ARNs of a type are built: a template for each of
// the six fields.
type form [6]template

func parseForm(arn string) (form, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return form{}, errCorrupt
	}
	var f form
	for i, p := range parts {
		f[i] = parseTemplate(p)
	}
	return f, nil
}

// ARNTypes returns the types that an ARN may be of. Types of several services
// can have the same ARNs: the key of kms is also a type of those services that
// use it.
//
// Variables of the resource that hold no "/" and no ":" come before those that
// do, and then what says most of the ARN, so that "arn:aws:s3:::b/k" is an
// object and not a bucket with a slash in its name. For a pattern with "*" or
// "?" the types are all of which some ARN fits the pattern; wildcards stay
// within the first five fields, and a pattern of fewer than six fields that
// ends in "*" stands for whatever follows.
//
// It is nil for ARNs of which the catalogue knows no type.
func (c *Catalogue) ARNTypes(arn string) []*Type {
	fields := strings.SplitN(arn, ":", 6)
	if n := len(fields); n < 6 {
		if !strings.HasSuffix(arn, "*") {
			return nil
		}
		for len(fields) < 6 {
			fields = append(fields, "*")
		}
	}
	pattern := strings.ContainsAny(arn, "*?")
	var out []*Type
	var best rank
	for _, prefix := range c.arnCandidates(fields[2]) {
		l, ok := c.byPrefix[prefix]
		if !ok {
			continue
		}
		for _, t := range c.get(l).service.Types {
			if pattern {
				if slices.ContainsFunc(t.forms, func(f form) bool { return f.overlaps(fields) }) {
					out = append(out, t)
				}
				continue
			}
			switch r := t.rank(fields); {
			case r == rank{} || r.less(best):
			case best.less(r):
				best, out = r, []*Type{t}
			default:
				out = append(out, t)
			}
		}
	}
	return out
}

// arnCandidates are the prefixes of the services that may have a type for ARNs
// with this third field.
func (c *Catalogue) arnCandidates(service string) []string {
	if strings.ContainsAny(service, "*?") {
		return c.Prefixes()
	}
	out := slices.Clone(c.arnServices[service])
	for _, p := range c.arnServices[""] {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// rank is how well an ARN fits a form; the zero rank is not at all.
type rank struct {
	parts   int // 2: variables hold no separators, 1: they do
	literal int
}

func (r rank) less(o rank) bool {
	return r.parts < o.parts || r.parts == o.parts && r.literal < o.literal
}

// rank is that of the form which the ARN fits best.
func (t *Type) rank(fields []string) rank {
	var best rank
	for _, f := range t.forms {
		if r := f.rank(fields); best.less(r) {
			best = r
		}
	}
	return best
}

func (f form) rank(fields []string) rank {
	r := rank{parts: 2}
	for i, t := range f {
		if !t.fits(fields[i]) {
			return rank{}
		}
		r.literal += t.literal()
	}
	if !sameParts(string(f[5]), fields[5]) {
		r.parts = 1
	}
	return r
}

// sameParts tells whether a text fits a pattern when both are taken apart at
// "/" and ":".
func sameParts(pattern, text string) bool {
	for {
		i, j := strings.IndexAny(pattern, ":/"), strings.IndexAny(text, ":/")
		if i < 0 || j < 0 {
			return i < 0 && j < 0 && wild(pattern, text)
		}
		if pattern[i] != text[j] || !wild(pattern[:i], text[:j]) {
			return false
		}
		pattern, text = pattern[i+1:], text[j+1:]
	}
}

func (f form) overlaps(fields []string) bool {
	for i, t := range f {
		if !overlap(string(t), fields[i]) {
			return false
		}
	}
	return true
}

// overlap tells whether some text fits both patterns of "*" and "?". It takes
// at most len(a)·len(b) steps.
func overlap(a, b string) bool {
	// can[j] tells whether the rest of a from i and the rest of b from j have a
	// text in common; rows are filled from the ends.
	can, next := make([]bool, len(b)+1), make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		for j := len(b); j >= 0; j-- {
			aStar, bStar := i < len(a) && a[i] == '*', j < len(b) && b[j] == '*'
			switch {
			case i == len(a) && j == len(b):
				can[j] = true
			case aStar || bStar:
				can[j] = aStar && (next[j] || j < len(b) && can[j+1]) || bStar && (can[j+1] || i < len(a) && next[j])
			case i == len(a) || j == len(b):
				can[j] = false
			default:
				can[j] = (a[i] == b[j] || a[i] == '?' || b[j] == '?') && next[j+1]
			}
		}
		can, next = next, can
	}
	return next[0]
}

// Fits tells whether an ARN has one of the type's forms, with variables of the
// resource that may hold anything: an alias of a function also has the form of
// a function.
func (t *Type) Fits(arn string) bool {
	fields := strings.SplitN(arn, ":", 6)
	return len(fields) == 6 && t.rank(fields) != rank{}
}
