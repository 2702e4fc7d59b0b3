package haetae

import (
	"strings"
)

// Reason says why a value could not be read.
type Reason string

// The reasons. They are stable words: they appear in output and snapshot files.
const (
	Denied     Reason = "denied"     // AWS refused the call; Actions names what is missing
	Throttled  Reason = "throttled"  // AWS asked us to slow down and we gave up
	Failed     Reason = "failed"     // the call failed otherwise: no answer, or an error of the service
	NotAsked   Reason = "not_asked"  // nobody read it: no such file, or the source cannot say
	Unresolved Reason = "unresolved" // a reference, parameter or function without a value
	NoDefault  Reason = "no_default" // not set, and what AWS then assumes is not on record
	ByAccount  Reason = "by_account" // not set, and the default is a setting of the account
	Unreadable Reason = "unreadable" // there, but broken: a document that does not parse
	SecretKept Reason = "secret"     // redacted at the door; nobody can read it back
	// LiveOnly is a fact that only a live account has, asked of a template.
	LiveOnly Reason = "live_only"
	// SecretInTemplate is a NoEcho parameter whose default stands in the template
	// for everybody to read.
	SecretInTemplate Reason = "secret_in_template"
)

// AccountOfStack is the Ref of the pseudo parameter for the account that a stack
// is deployed in: not known, but the same wherever a template writes it.
const AccountOfStack = "AWS::AccountId"

// Unknown is a value in a property tree that stands for one that could not be
// read. It is data: it travels in snapshots and decides to UNKNOWN, never to
// PASS or FAIL.
//
// An Unknown is immutable once it is in a tree and may be shared.
type Unknown struct {
	Path    string   `json:"path,omitempty"`    // property path, for people
	Reason  Reason   `json:"reason"`            //
	Detail  string   `json:"detail,omitempty"`  // one clause: "parameter DBClass has no default"
	Actions []string `json:"actions,omitempty"` // IAM actions that would have answered
	Set     bool     `json:"set,omitempty"`     // the property is there, what it is is unknown: has() is true

	// Parts is what is known of a string: the literal text around one hole
	// between each two neighbours, so "arn:aws:s3:::${Name}/*" is
	// ["arn:aws:s3:::", "/*"]. Fewer than two parts: nothing is known.
	Parts []string `json:"parts,omitempty"`
	// Plain says that each hole is filled by at least one character and holds
	// neither "*" nor "?": an account number, a name that AWS made.
	Plain bool `json:"plain,omitempty"`
	// Ref is the ID of the resource that the value comes from, when it is one
	// of the same stack, and Attr the attribute ("" for the resource's own name).
	Ref  string `json:"ref,omitempty"`
	Attr string `json:"attr,omitempty"`
	// Param is the template parameter that the whole value comes from, when it
	// is one that everybody who may describe the stack can read (no NoEcho).
	Param string `json:"param,omitempty"`
}

// String says what is unknown and why, in one clause.
func (u *Unknown) String() string {
	var b strings.Builder
	if u.Path != "" {
		b.WriteString(u.Path)
		b.WriteString(": ")
	}
	switch {
	case u.Detail != "":
		b.WriteString(u.Detail)
	case u.Reason == Denied:
		b.WriteString("access denied")
	default:
		b.WriteString(strings.ReplaceAll(string(u.Reason), "_", " "))
	}
	if len(u.Actions) > 0 {
		b.WriteString(" (needs ")
		b.WriteString(strings.Join(u.Actions, ", "))
		b.WriteString(")")
	}
	return b.String()
}

// Pattern returns the string with each hole as ${…}, for people.
func (u *Unknown) Pattern() string {
	if len(u.Parts) < 2 {
		return "${…}"
	}
	return strings.Join(u.Parts, "${…}")
}

// MayBe tells whether the string could turn out to be s. It is exact for one
// hole and for more.
func (u *Unknown) MayBe(s string) bool {
	if len(u.Parts) < 2 {
		return !u.Plain || s != "" && !strings.ContainsAny(s, "*?")
	}
	first, last := u.Parts[0], u.Parts[len(u.Parts)-1]
	if !strings.HasPrefix(s, first) || len(s) < len(first)+len(last) || !strings.HasSuffix(s, last) {
		return false
	}
	return u.holesFill(s[len(first):len(s)-len(last)], u.Parts[1:len(u.Parts)-1])
}

// holesFill tells whether text is hole mid hole mid … hole. It goes through
// the mids once, keeping every place where the part before could have ended.
func (u *Unknown) holesFill(text string, mids []string) bool {
	ends := []int{0} // where the last literal may have ended
	for i := 0; i <= len(mids); i++ {
		var next []int
		for at := 0; at <= len(text); at++ {
			stop := at == len(text)
			if i < len(mids) {
				stop = strings.HasPrefix(text[at:], mids[i])
			}
			if stop && u.reaches(text, ends, at) {
				if i == len(mids) {
					return true
				}
				next = append(next, at+len(mids[i]))
			}
		}
		ends = next
	}
	return false
}

// reaches tells whether a hole may span from one of the ends to at.
func (u *Unknown) reaches(text string, ends []int, at int) bool {
	for i := len(ends) - 1; i >= 0; i-- {
		e := ends[i]
		if e > at || u.Plain && e == at {
			continue
		}
		// The nearest end decides: a farther one only makes the hole longer.
		return !u.Plain || !strings.ContainsAny(text[e:at], "*?")
	}
	return false
}

// OpenList is a list whose listing did not complete: what it holds is true, but
// there may be more.
type OpenList struct {
	Items []any    `json:"items"`
	Why   *Unknown `json:"why"`
}

// Secret stands for a value that was, or may have been, a secret. It was
// redacted at the door: nobody can read it back.
type Secret struct {
	Kind   string `json:"kind"`           // "aws-access-key", "private-key", "environment" …
	Hash   string `json:"hash,omitempty"` // keyed hash: equal secrets of one installation have equal hashes
	Length int    `json:"length"`         // in bytes
}

// Normalize turns a decoded JSON or YAML tree into the value types of a
// property tree: all integers int64, all floats float64, map keys strings. The
// tree is changed in place where it can be.
func Normalize(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			x[k] = Normalize(e)
		}
		return x
	case []any:
		for i, e := range x {
			x[i] = Normalize(e)
		}
		return x
	case int:
		return int64(x)
	case int32:
		return int64(x)
	case uint64:
		return int64(x)
	case float32:
		return float64(x)
	case interface{ Int64() (int64, error) }: // json.Number
		if n, err := x.Int64(); err == nil {
			return n
		}
		if f, ok := v.(interface{ Float64() (float64, error) }); ok {
			if n, err := f.Float64(); err == nil {
				return n
			}
		}
		return v
	}
	return v
}
