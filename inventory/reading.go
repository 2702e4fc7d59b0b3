package inventory

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// reading says how the objects of an answer become resources, where nothing but
// names has to change.
type reading struct {
	// member is the list in the answer, or the one object; "" is the answer.
	member string
	// id names the member that is the ID. "A|B" is several of them with "|"
	// between; "^A" is a member of the answer itself, as is what the request was
	// about.
	id string
	// arn and account name the members that have them, if there are any.
	arn, account string
	// props, observed and volatile are members, written as for take.
	props, observed, volatile []string
	// body are members of the answer itself that are properties.
	body []string
	// camel is set for services whose members begin with a small letter: props
	// are then taken by pascal, with data for the members whose keys are the
	// user's. "New=old" has CloudFormation's name on the left.
	camel bool
	data  []string
	// state is the member that says how a resource is, and gone are the values
	// of something that is listed though it is not there any more.
	state string
	gone  []string
	// more, when set, adds what is not a change of names.
	more func(a *Answer, x map[string]any, r *haetae.Resource)
}

// read is the reader of the answers.
func (s reading) read(a *Answer) (out []*haetae.Resource) {
	switch v := s.value(a).(type) {
	case map[string]any:
		out = s.add(out, a, v)
	case []any:
		for x := range objects(v) {
			out = s.add(out, a, x)
		}
	}
	return out
}

func (s reading) value(a *Answer) any {
	if s.member == "" {
		return a.Body
	}
	return get(a.Body, s.member)
}

func (s reading) add(out []*haetae.Resource, a *Answer, x map[string]any) []*haetae.Resource {
	if s.state != "" && slices.Contains(s.gone, str(x, s.state)) {
		return out
	}
	props := take(x, s.props...)
	if s.camel {
		props = pascalObject(props, s.data...)
	}
	for k, v := range take(a.Body, s.body...) {
		props[k] = v
	}
	r := resource(s.identify(a, x), props)
	if s.arn != "" {
		r.ARN = str(x, s.arn)
	}
	if s.account != "" {
		r.Account = str(x, s.account)
	}
	if len(s.observed) > 0 {
		r.Observed = take(x, s.observed...)
	}
	if len(s.volatile) > 0 {
		r.Volatile = take(x, s.volatile...)
	}
	if s.more != nil {
		s.more(a, x, r)
	}
	return append(out, r)
}

// identify returns the ID of an object; "" when a part of it is not there.
func (s reading) identify(a *Answer, x map[string]any) string {
	var parts []string
	for name := range strings.SplitSeq(s.id, "|") {
		from := x
		if rest, ok := strings.CutPrefix(name, "^"); ok {
			from, name = a.Body, rest
		}
		part := str(from, name)
		if part == "" {
			return ""
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "|")
}

// folds reads what one answer says of the resource that it is about: id as in
// [reading]. of returns properties and what was observed.
func folds(id string, of func(*Answer) (props, observed map[string]any)) func(*Answer) []*haetae.Resource {
	return func(a *Answer) []*haetae.Resource {
		r := resource((reading{id: id}).identify(a, a.Body), nil)
		if strings.HasPrefix(r.ID, "arn:") {
			r.ARN = r.ID
		}
		r.Props, r.Observed = of(a)
		return []*haetae.Resource{r}
	}
}

// foldsList reads a list into one property of the resource that the answer is
// about, "Prop" or "Observed.Prop", with the members of its items that are named.
func foldsList(id, member, prop string, names ...string) func(*Answer) []*haetae.Resource {
	return folds(id, func(a *Answer) (props, observed map[string]any) {
		list := []any{}
		for x := range a.each(member) {
			list = append(list, take(x, names...))
		}
		if name, ok := strings.CutPrefix(prop, "Observed."); ok {
			return nil, map[string]any{name: list}
		}
		return map[string]any{prop: list}, nil
	})
}

// foldsPolicy reads a policy document into a property of the resource that the
// answer is about. No document is not set.
func foldsPolicy(id, member, prop string) func(*Answer) []*haetae.Resource {
	return folds(id, func(a *Answer) (props, observed map[string]any) {
		if d := get(a.Body, member); d != nil && d != "" {
			return map[string]any{prop: policy(d)}, nil
		}
		return nil, nil
	})
}

// tagsByARN is the call that reads the tags of what has an ARN, where they could
// not be told at once. The answers for all kinds of a service look alike: part is
// what stands before the name in the ARNs of one, ":service/". whole is set when
// the ARN is the ID.
func tagsByARN(op, param, member, each, part string, whole bool) Call {
	return Call{
		Op: op, Tags: "list", Param: param, Each: each, Gives: []string{"Tags"},
		Read: func(a *Answer) []*haetae.Resource {
			list := []any{}
			switch tags := a.Body[member].(type) {
			case []any:
				list, _ = pascal(tags).([]any)
			case map[string]any:
				list = tagList(tags)
			}
			out := about(str(a.Body, param), part, map[string]any{"Tags": list})
			for _, r := range out {
				if whole && r.ARN != "" {
					r.ID = r.ARN
				}
			}
			return out
		},
	}
}
