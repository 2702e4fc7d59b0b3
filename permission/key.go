package permission

import (
	"fmt"
	"strings"
)

// Key is a condition key.
type Key struct {
	// Name is as AWS writes it. It may have variables, such as
	// "aws:ResourceTag/${TagKey}".
	Name string
	Kind Kind
	// Multivalued tells that a request can carry several values, which
	// conditions compare with ForAllValues and ForAnyValue
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
	Multivalued bool
	// Global is set for keys that requests to any service can carry.
	Global bool
}

// Kind is the kind of a condition key's values.
type Kind uint8

// The kinds.
const (
	String Kind = iota + 1
	ARN
	Bool
	Numeric
	Date
	IP
	Binary
)

var kindNames = [...]string{"", "String", "ARN", "Bool", "Numeric", "Date", "IPAddress", "Binary"}

// String returns the kind as AWS's service reference writes it.
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		k = 0
	}
	return kindNames[k]
}

// kindLetters are the kinds as catalogues and global.txt write them.
const kindLetters = "-SABNDIX"

// Key returns a condition key by its name, without regard to case: a name as
// policies have it, with the variables filled in ("aws:RequestTag/team"), or
// one as AWS documents it. found is false for a key that this catalogue does not
// have, such as those of identity providers of one's own.
func (c *Catalogue) Key(name string) (key *Key, found bool) {
	lower := strings.ToLower(name)
	if k, ok := c.global.find(lower); ok {
		return k, true
	}
	prefix, _, ok := strings.Cut(lower, ":")
	if !ok {
		return nil, false
	}
	if l, ok := c.byPrefix[prefix]; ok {
		if k, ok := c.get(l).keys.find(lower); ok {
			return k, true
		}
	}
	for _, f := range c.keyServices {
		if !f.prefix.fits(prefix) {
			continue
		}
		for _, s := range f.services {
			if l, ok := c.byPrefix[s]; ok {
				if k, ok := c.get(l).keys.find(lower); ok {
					return k, true
				}
			}
		}
	}
	return nil, false
}

// GlobalKeys returns the keys that requests to any service can carry, in the
// order of global.txt.
func (c *Catalogue) GlobalKeys() []*Key { return c.global.all }

// foreign names the services that list keys with a prefix that is not theirs.
type foreign struct {
	prefix   template
	services []string
}

// keySet finds keys by their names in lower case.
type keySet struct {
	all   []*Key
	exact map[string]*Key
	vars  []keyTemplate
}

type keyTemplate struct {
	template
	key *Key
}

func newKeySet(keys []*Key) keySet {
	s := keySet{all: keys, exact: make(map[string]*Key, len(keys))}
	for _, k := range keys {
		lower := strings.ToLower(k.Name)
		s.exact[lower] = k
		// AWS also writes the variable as "tag-key", or leaves it out.
		if plain, ok := strings.CutSuffix(lower, "/tag-key"); ok || strings.HasSuffix(lower, "/") {
			lower = strings.TrimSuffix(plain, "/") + "/${tagkey}"
		}
		if t := parseTemplate(lower); string(t) != lower {
			s.vars = append(s.vars, keyTemplate{t, k})
		}
	}
	return s
}

func (s keySet) find(lower string) (*Key, bool) {
	if k, ok := s.exact[lower]; ok {
		return k, true
	}
	for _, v := range s.vars {
		if v.fits(lower) {
			return v.key, true
		}
	}
	return nil, false
}

// parseGlobal reads global.txt, which says at its top how it is written.
func parseGlobal(text string) ([]*Key, error) {
	var keys []*Key
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 2 {
			return nil, fmt.Errorf("global.txt: %q is not a key and its kind", line)
		}
		k, err := parseKey(f[0], f[1])
		if err != nil {
			return nil, fmt.Errorf("global.txt: %q: %w", line, err)
		}
		k.Global = true
		keys = append(keys, k)
	}
	return keys, nil
}

func parseKey(name, code string) (*Key, error) {
	k := &Key{Name: name}
	code, k.Multivalued = strings.CutPrefix(code, "[")
	i := strings.Index(kindLetters, code)
	if i < 1 || len(code) != 1 || !strings.Contains(name, ":") {
		return nil, errCorrupt
	}
	k.Kind = Kind(i)
	return k, nil
}
