package iam

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

// classSet puts things with the same signature together. Numbers of classes are
// never used again.
type classSet[T comparable] struct {
	of      map[T]int32
	members map[int32][]T
	by      map[string]int32
	next    int32
}

// put gives a thing its class; fresh tells that the class is new.
func (c *classSet[T]) put(t T, signature string) (class int32, fresh bool) {
	if c.of == nil {
		c.of, c.members, c.by = map[T]int32{}, map[int32][]T{}, map[string]int32{}
	}
	class, ok := c.by[signature]
	if !ok {
		class = c.next
		c.next++
		c.by[signature] = class
	}
	if old, had := c.of[t]; had {
		if old == class {
			return class, false
		}
		c.drop(t)
	}
	c.of[t] = class
	c.members[class] = append(c.members[class], t)
	return class, !ok
}

func (c *classSet[T]) drop(t T) {
	old, ok := c.of[t]
	if !ok {
		return
	}
	delete(c.of, t)
	c.members[old] = slices.DeleteFunc(slices.Clone(c.members[old]), func(u T) bool { return u == t })
	if len(c.members[old]) == 0 {
		delete(c.members, old)
		for s, k := range c.by {
			if k == old {
				delete(c.by, s)
				break
			}
		}
	}
}

func (c *classSet[T]) first(class int32) T { return c.members[class][0] }

func (c *classSet[T]) all() []int32 {
	return slices.Sorted(maps.Keys(c.members))
}

// usedKeys are the condition keys about principals and resources that some
// policy of the world asks for, in a condition or as a variable.
type usedKeys struct {
	principal bool // aws:PrincipalArn, aws:username, aws:userid: each principal is its own class
	tags      map[string]bool
	resource  map[string]bool
}

func (w *World) usedKeys() usedKeys {
	k := usedKeys{tags: map[string]bool{}, resource: map[string]bool{}}
	see := func(key string) {
		lower := strings.ToLower(key)
		switch name, tag, _ := strings.Cut(lower, "/"); {
		case name == "aws:principalarn", name == "aws:username", name == "aws:userid":
			k.principal = true
		case name == "aws:principaltag":
			k.tags[tag] = true
		case strings.HasSuffix(name, ":resourcetag"):
			k.resource[tag] = true
		}
	}
	docs := func(list []*policy.Document) {
		for _, d := range list {
			for _, s := range d.Statements {
				for _, c := range s.Conditions {
					see(c.Lower)
					for _, v := range c.Values {
						for _, name := range v.Variables() {
							see(name)
						}
					}
				}
				if s.Resources != nil {
					for _, t := range s.Resources.List {
						for _, name := range t.Variables() {
							see(name)
						}
					}
				}
			}
		}
	}
	for _, i := range w.principals {
		docs(i.Policies)
		docs(i.Boundary)
	}
	for _, a := range w.accounts {
		for _, l := range slices.Concat(a.SCP, a.RCP) {
			docs(l.Policies)
		}
	}
	for _, d := range w.policies {
		docs([]*policy.Document{d})
	}
	return k
}

// asksWho tells whether a document asks who the principal is, beyond what a
// class knows: its ARN, name or id.
func asksWho(d *policy.Document) bool {
	who := func(name string) bool {
		switch strings.ToLower(name) {
		case "aws:principalarn", "aws:username", "aws:userid":
			return true
		}
		return false
	}
	vars := func(list []*policy.Template) bool {
		return slices.ContainsFunc(list, func(t *policy.Template) bool { return slices.ContainsFunc(t.Variables(), who) })
	}
	return slices.ContainsFunc(d.Statements, func(s *policy.Statement) bool {
		return s.Resources != nil && vars(s.Resources.List) || slices.ContainsFunc(s.Conditions, func(c *policy.Condition) bool { return who(c.Lower) || vars(c.Values) })
	})
}

// principalSignature is equal for identities that no policy can tell apart: they
// are of one account and kind, have the same documents and the same values of
// the tags that policies ask for, and nothing names them or asks for their name.
func (x *Index) principalSignature(i *Identity) string {
	var b strings.Builder
	kind := "user"
	if i.Resource == nil {
		kind = "root"
	} else if i.IsRole() {
		kind = fmt.Sprint("role", i.ServiceLinked(), i.taggable())
	}
	fmt.Fprintf(&b, "%s %s", i.Account.ID, kind)
	docs := slices.Concat(i.Policies, i.Boundary)
	alone := x.w.named(i.ARN)
	for _, l := range [][]*policy.Document{i.Policies, i.Boundary} {
		prints := make([]string, len(l))
		for k, d := range l {
			prints[k] = x.print(d)
		}
		slices.Sort(prints)
		fmt.Fprintf(&b, " [%s]", strings.Join(slices.Compact(prints), " "))
	}
	if i.Boundary == nil {
		b.WriteString(" unbound")
	}
	for _, d := range docs {
		alone = alone || asksWho(d)
	}
	if alone || x.w.asksNames {
		b.WriteString(" " + i.ARN)
	}
	for k, c := range x.w.asksARN {
		for n, v := range c.Values {
			if f, ok, unknown := v.Fill(func(string) policy.Value { return policy.Value{} }); ok && unknown == nil && fits(c.Operator.Test, f, v.Text, i.ARN) {
				fmt.Fprintf(&b, " %d.%d", k, n)
			}
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(x.keys.tags)) {
		for k, v := range i.Tags {
			if strings.EqualFold(k, tag) {
				fmt.Fprintf(&b, " %s=%q", tag, v)
			}
		}
	}
	if i.TagsUnknown != nil {
		b.WriteString(" tags not known")
	}
	return b.String()
}

// itemSignature is equal for items that no policy can tell apart: they are of
// one account and type, have the same policy, facts and tags that are asked for,
// and the same entries of Resource elements match them.
func (x *Index) itemSignature(it item) string {
	r := it.resource
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %t", r.Account, r.Type, it.inside)
	if d := x.w.Policy(r); d != nil {
		fmt.Fprintf(&b, " %s", x.print(d))
		if namesResources(d) {
			b.WriteString(" " + r.ARN)
		}
	}
	vars := false
	for _, p := range x.order {
		if p.matches(it) {
			fmt.Fprintf(&b, " %x", p.id)
			vars = vars || p.vars
		}
	}
	if vars {
		b.WriteString(" " + r.ARN)
	}
	for _, tag := range slices.Sorted(maps.Keys(x.keys.resource)) {
		for k, v := range r.Tags {
			if strings.EqualFold(k, tag) {
				fmt.Fprintf(&b, " %s=%v", tag, v)
			}
		}
	}
	if r.TagsUnknown != nil {
		b.WriteString(" tags not known")
	}
	switch r.Type {
	case "AWS::S3::Bucket":
		f := x.w.bucketFacts(r)
		fmt.Fprintf(&b, " %s %v %v %v", f.Ownership, f.Bucket, f.Account, f.ACL)
	case "AWS::KMS::Key":
		fmt.Fprintf(&b, " %v %v", r.Observed["KeyManager"], r.Observed["Grants"])
	case "AWS::S3::AccessPoint":
		b.WriteString(" " + r.ARN)
	case "AWS::IAM::Role":
		fmt.Fprintf(&b, " %t %t", strings.Contains(r.ARN, ":role/aws-service-role/"), strings.Contains(r.ARN, ":role/aws-reserved/"))
	}
	return b.String()
}

// namesResources tells whether a resource's own policy tells parts of it apart,
// or names it: "*" names nothing.
func namesResources(d *policy.Document) bool {
	return slices.ContainsFunc(d.Statements, func(s *policy.Statement) bool { return s.Resources != nil && (s.Resources.Not || !s.Resources.Any) })
}

// named tells whether a resource's policy or a grant names the ARN.
func (w *World) named(name string) bool { return w.names[name] }

// askers reads what policies that apply to many principals ask of them: whom
// they name, which patterns of ARNs they compare, whether they ask for names
// otherwise.
func (w *World) askers() {
	w.names, w.asksARN, w.asksNames = map[string]bool{}, nil, false
	docs := slices.Collect(maps.Values(w.policies))
	for _, a := range w.accounts {
		for _, l := range slices.Concat(a.SCP, a.RCP) {
			docs = append(docs, l.Policies...)
		}
	}
	seen := map[string]bool{}
	for _, d := range docs {
		for _, s := range d.Statements {
			if s.Principals != nil {
				for _, p := range s.Principals.List {
					w.name(p.Text)
				}
			}
			for _, c := range s.Conditions {
				plain := c.Lower == "aws:principalarn" && !slices.ContainsFunc(c.Values, func(v *policy.Template) bool { return v.Variables() != nil })
				if text := fmt.Sprint(c.Operator.Test, textsOf(c.Values)); plain && !seen[text] {
					seen[text] = true
					w.asksARN = append(w.asksARN, c)
				}
				w.asksNames = w.asksNames || !plain && asksWho(&policy.Document{Statements: []*policy.Statement{{Conditions: []*policy.Condition{c}}}})
			}
			if s.Resources != nil && asksWho(&policy.Document{Statements: []*policy.Statement{{Resources: s.Resources}}}) {
				w.asksNames = true
			}
		}
	}
	for r := range w.kmsGranted() {
		w.name(r)
	}
}

func textsOf(list []*policy.Template) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.Text
	}
	return out
}

// name keeps whom an entry names; a session names its role.
func (w *World) name(text string) {
	w.names[text] = true
	a, err := arn.Parse(text)
	if err != nil || a.Service != "sts" {
		return
	}
	if i, ok := w.Identity(text); ok {
		w.names[i.ARN] = true
	}
}

// kmsGranted are the grantees of the keys of the world.
func (w *World) kmsGranted() map[string]bool {
	out := map[string]bool{}
	for r := range w.policies {
		for _, v := range elements(r.Observed["Grants"]) {
			if m, ok := v.(map[string]any); ok {
				out[text(m["GranteePrincipal"])], out[text(m["RetiringPrincipal"])] = true, true
			}
		}
	}
	return out
}

// fingerprint is equal for documents that say the same.
func fingerprint(d *policy.Document) string {
	h := fnv.New128a()
	fmt.Fprintf(h, "%s %s %v\n", d.Type, d.Version, d.More)
	for _, s := range d.Statements {
		fmt.Fprintf(h, "%s %v\n", s.Effect, s.Unknown)
		if p := s.Principals; p != nil {
			fmt.Fprintf(h, "P %t %v %v\n", p.Not, p.List, p.More)
		}
		if a := s.Actions; a != nil {
			fmt.Fprintf(h, "A %t %v\n", a.Not, a.More)
			for i := range a.List {
				fmt.Fprintf(h, "%q\n", a.List[i].Text)
			}
		}
		if r := s.Resources; r != nil {
			fmt.Fprintf(h, "R %t %v\n", r.Not, r.More)
			for _, t := range r.List {
				fmt.Fprintf(h, "%q\n", t.Text)
			}
		}
		for _, c := range s.Conditions {
			fmt.Fprintf(h, "C %s %s %t %v\n", c.Operator.Written, c.Lower, c.Broken, c.More)
			for _, v := range c.Values {
				fmt.Fprintf(h, "%q\n", v.Text)
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// groupings divide the actions of an item by what documents say of them: actions
// of one group are told apart by no statement and no condition key.
type groupings struct {
	mu sync.RWMutex
	by map[groupKey][]uint16
}

type groupKey struct {
	docs    string
	actions *permission.Action // the first of the list, which stands for it
	n       int
}

// principal groups by what the principal's documents and the organization's say.
// The last bit of a group tells that some document may allow its actions.
func (g *groupings) principal(x *Index, i *Identity, it item, actions []*permission.Action) []uint16 {
	return g.of(x.docsKey(i), actions, func() grouped {
		limits := slices.Clone(i.Boundary)
		for _, l := range i.Account.SCP {
			limits = append(limits, l.Policies...)
		}
		return grouped{granting: i.Policies, limits: limits, all: i.Resource == nil}
	})
}

// item groups by what the resource's policy says, and by the names to which
// services give a meaning of their own.
func (g *groupings) item(x *Index, it item, actions []*permission.Action) []uint16 {
	d := x.w.Policy(it.resource)
	key := "item " + it.resource.Account + it.resource.Type
	var docs []*policy.Document
	if d != nil {
		key += x.print(d)
		docs = []*policy.Document{d}
	}
	return g.of(key, actions, func() grouped {
		var rcp []*policy.Document
		if a := x.w.accounts[it.resource.Account]; a != nil {
			for _, l := range a.RCP {
				rcp = append(rcp, l.Policies...)
			}
		}
		return grouped{granting: docs, limits: rcp, meaning: meaning(it), all: it.resource.Observed["Grants"] != nil && it.resource.Type == "AWS::KMS::Key" && len(elements(it.resource.Observed["Grants"])) > 0}
	})
}

func (x *Index) docsKey(i *Identity) string {
	var b strings.Builder
	b.WriteString("who " + i.Account.ID)
	for _, d := range i.Policies {
		b.WriteString(" " + x.print(d))
	}
	b.WriteString("|")
	for _, d := range i.Boundary {
		b.WriteString(" " + x.print(d))
	}
	if i.Resource == nil {
		b.WriteString(" root")
	}
	return b.String()
}

// grouped are the documents that tell actions apart.
type grouped struct {
	granting, limits []*policy.Document
	all              bool // something beside documents may allow every action
	// meaning is that which a service gives to names of actions beside policies;
	// nil is none.
	meaning func(*permission.Action) string
}

// meaning tells apart the actions for which services have rules of their own:
// those of s3.go, kms.go and rules.go.
func meaning(it item) func(*permission.Action) string {
	r := it.resource
	switch r.Type {
	case "AWS::S3::Bucket":
		return func(a *permission.Action) string {
			switch lower := strings.ToLower(a.Name); lower {
			case "putbucketacl", "putobjectacl", "putobjectversionacl", "putobject", "createbucket", "getbucketpolicy", "putbucketpolicy", "deletebucketpolicy",
				"getobject", "getobjectversion", "listbucket", "listbucketversions", "listbucketmultipartuploads", "getobjectacl", "getobjectversionacl", "getbucketacl",
				"deleteobject", "deleteobjectversion", "restoreobject", "abortmultipartupload", "listmultipartuploadparts":
				return lower
			}
			return ""
		}
	case "AWS::KMS::Key":
		return func(a *permission.Action) string {
			if len(elements(r.Observed["Grants"])) > 0 || a.Name == "RetireGrant" {
				return a.Name
			}
			return ""
		}
	case "AWS::IAM::Role", "AWS::IAM::ManagedPolicy":
		return func(a *permission.Action) string {
			s := scope{service: a.Service, name: a.Name, resource: r.ARN}
			return fmt.Sprint(a.Service, s.fixed())
		}
	}
	return nil
}

// grants tells whether something may allow the actions of the group.
func grants(group uint16) bool { return group&1 == 1 }

// of groups the actions.
func (g *groupings) of(docs string, actions []*permission.Action, read func() grouped) []uint16 {
	key := groupKey{docs, actions[0], len(actions)}
	g.mu.RLock()
	out, ok := g.by[key]
	g.mu.RUnlock()
	if ok {
		return out
	}
	r := read()
	out = make([]uint16, len(actions))
	numbers := map[string]uint16{}
	for k, a := range actions {
		may := r.all
		var b strings.Builder
		for n, list := range [][]*policy.Document{r.granting, r.limits} {
			for _, d := range list {
				may = may || n == 0 && d.More != nil
				for _, s := range d.Statements {
					on := s.Unknown != nil || s.Actions != nil && (s.Actions.More != nil || s.Actions.Match(a.Service, a.Name))
					may = may || n == 0 && on && s.Effect != policy.Deny
					b.WriteByte(bit(on))
					if !on {
						continue
					}
					sc := scope{action: a}
					for _, c := range s.Conditions {
						b.WriteByte(bit(carries(&sc, c)))
					}
				}
			}
		}
		if r.meaning != nil {
			b.WriteString(r.meaning(a))
		}
		text := b.String()
		number, ok := numbers[text]
		if !ok {
			number = uint16(len(numbers)) << 1
			numbers[text] = number
		}
		if may {
			number |= 1
		}
		out[k] = number
	}
	g.mu.Lock()
	g.by[key] = out
	g.mu.Unlock()
	return out
}

func bit(b bool) byte {
	if b {
		return '1'
	}
	return '0'
}

// carries tells whether requests for the action have the key of a condition, as
// far as the action's own keys say.
func carries(s *scope, c *policy.Condition) bool {
	has := func(keys []*permission.Key) bool {
		return slices.ContainsFunc(keys, func(k *permission.Key) bool {
			return strings.EqualFold(k.Name, c.Key) || strings.Contains(k.Name, "${")
		})
	}
	return has(s.action.Keys) || slices.ContainsFunc(s.action.Resources, func(r permission.Resource) bool {
		return has(r.Keys) || r.Type != nil && has(r.Type.Keys)
	})
}
