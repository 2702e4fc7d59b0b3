package iam

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/haetae/haetae/permission"
)

// namedResource is a resource of a request.
type namedResource struct {
	typ     string // "s3:object"
	arn     string
	pattern bool
	open    string // why it is a pattern
}

// finder finds the resources of one action of an event.
type finder struct {
	*Events
	e      *Event
	p      *parameters
	key    string // the event as events.txt knows it: "s3:CopyObject"
	action *permission.Action
}

// resources are those that the action is evaluated against.
//
// For each type of resource that the action has, in this order: what events.txt
// says for this event; the ARNs that the record names under resources; ARNs
// among the parameters; and the ARN that the parameters fill in. When a type is
// required and nothing is found, what is missing of its ARN is "*".
func (f *finder) resources() []namedResource {
	if f.action.WildcardOnly() {
		return []namedResource{{arn: "*"}}
	}
	if calls, ok := f.calls[strings.ToLower(f.key)]; ok {
		return []namedResource{f.path(calls)}
	}
	var out []namedResource
	var missing []permission.Resource
	for _, r := range f.action.Resources {
		if f.chosenAway(r.Type) {
			continue
		}
		if len(r.Type.ARNs) == 0 {
			// A catalogue may know a type and not its ARNs.
			if r.Need == permission.Required {
				out = append(out, namedResource{typ: r.Type.String(), arn: "*", pattern: true, open: r.Type.String() + ": the data has no form of its ARNs"})
			}
			continue
		}
		found := f.ofType(r)
		if len(found) == 0 && r.Need == permission.Required {
			missing = append(missing, r)
		}
		out = append(out, found...)
	}
	found := slices.Clone(out)
	for _, r := range missing {
		switch {
		case slices.ContainsFunc(found, func(o namedResource) bool { return f.instead(o, r.Type) }):
		case f.creates(r.Type):
			out = append(out, f.new(r.Type)...)
		default:
			out = append(out, f.fallback(r.Type))
		}
	}
	if len(out) == 0 {
		return f.none()
	}
	return dedupe(out)
}

// creates tells whether the event makes something of a type whose id it does
// not say: AWS then gives it one.
func (f *finder) creates(t *permission.Type) bool {
	_, name, _ := strings.Cut(f.key, ":")
	made, ok := strings.CutPrefix(name, "Create")
	form := variables(t.ARNs[0], "${")
	last := ""
	if len(form) > 0 {
		last = form[len(form)-1]
	}
	return ok && f.p.known && (strings.HasSuffix(last, "Id") || last == "UUID") && strings.HasSuffix(plainName(made), plainName(t.Name))
}

// chosenAway tells that a line of events.txt excludes the type for this call.
func (f *finder) chosenAway(t *permission.Type) bool {
	for _, c := range f.choices[t.Service] {
		if t.Name != c.plain && t.Name != c.other {
			continue
		}
		given := f.p.values([]param{{name: c.param}})
		plain := len(given) == 0 || given[0].text == c.value
		return plain != (t.Name == c.plain)
	}
	return false
}

// instead tells whether a resource that was found stands for a required type
// of which none was: AWS marks listener/app and listener/net as required where
// a request names one listener.
func (f *finder) instead(found namedResource, t *permission.Type) bool {
	if f.either[f.action.String()] {
		return true
	}
	// So it does all types that can have tags or a policy, of which a request
	// names one.
	for _, name := range []string{"resourceArn", "resource", "resourceName", "arn"} {
		for _, node := range f.p.top(name) {
			if slices.Contains(plainTexts(node), found.arn) {
				return true
			}
		}
	}
	family, _, ok := strings.Cut(t.String(), "/")
	return ok && strings.HasPrefix(found.typ, family+"/")
}

// none is for an action none of whose optional resources is found: the one type
// that it has, filled with "*", or all resources.
func (f *finder) none() []namedResource {
	if len(f.action.Resources) == 1 && len(f.action.Resources[0].Type.ARNs) > 0 {
		return []namedResource{f.fallback(f.action.Resources[0].Type)}
	}
	names := make([]string, len(f.action.Resources))
	for i, r := range f.action.Resources {
		names[i] = r.Type.Name
	}
	if len(names) > 4 {
		names = append(names[:4], "…")
	}
	return []namedResource{{arn: "*", pattern: true, open: fmt.Sprintf("%s: the record names no %s", f.action, strings.Join(names, ", "))}}
}

func dedupe(all []namedResource) []namedResource {
	var out []namedResource
	for _, t := range all {
		if !slices.ContainsFunc(out, func(o namedResource) bool { return o.arn == t.arn }) {
			out = append(out, t)
		}
	}
	return out
}

// path is the resource of a call of API Gateway.
func (f *finder) path(calls []call) namedResource {
	c, _ := chooseCall(calls, f.p)
	t := namedResource{typ: "apigateway", arn: c.path}
	for _, v := range variables(c.path, "{") {
		vals := f.p.values([]param{{name: v}})
		text := "*"
		if len(vals) == 1 {
			text = vals[0].text
		} else {
			t.pattern, t.open = true, fmt.Sprintf("%s: the record does not say %s", f.action, v)
		}
		t.arn = strings.ReplaceAll(t.arn, "{"+v+"}", text)
	}
	t.arn = "arn:" + f.e.partition() + ":apigateway:" + f.e.Region + "::" + t.arn
	return t
}

// ofType finds the resources of a type, nil when the record names none.
func (f *finder) ofType(r permission.Resource) []namedResource {
	t := r.Type
	if f.action.String() == "ec2:CreateTags" && f.key != "ec2:CreateTags" && !f.tagged(t.Name) {
		return nil
	}
	if slices.Contains(f.made[f.key], t.Name) {
		return f.new(t)
	}
	if f.specific(t) {
		return f.filled(t)
	}
	if f.self[f.key] == t.Name && f.p.known && !f.p.has("userName") && f.e.Identity.Type == "IAMUser" && f.e.Identity.ARN != "" {
		return []namedResource{{typ: t.String(), arn: f.e.Identity.ARN}}
	}
	if out := f.named(t); len(out) > 0 {
		return out
	}
	out := f.arns(t, f.p.root, false)
	out = append(out, f.byID(t)...)
	if !constant(t) || r.Need == permission.Required && !f.either[f.action.String()] {
		out = append(out, f.filled(t)...)
	}
	if len(out) == 0 {
		out = f.arns(t, f.p.root, true)
	}
	return out
}

// tagged tells whether a call of EC2 gives tags to what it makes of the type.
func (f *finder) tagged(typ string) bool {
	return slices.ContainsFunc(f.p.values([]param{{name: "tagSpecificationSet.resourceType"}}), func(v paramValue) bool { return v.text == typ })
}

// constant tells whether an account has only one resource of the type.
func constant(t *permission.Type) bool {
	return !slices.ContainsFunc(variables(t.ARNs[0], "${"), func(v string) bool { return v != "Partition" && v != "Region" && v != "Account" })
}

// new is a resource that is being made: what the call does not say of its ARN
// is "*", as it is for AWS
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policy-structure.html).
// What the call names of the type beside it, such as the source of a copy, is
// there too.
func (f *finder) new(t *permission.Type) []namedResource {
	if f.specific(t) {
		return append(f.filled(t), f.filledWith(t, "*"))
	}
	out := f.fill(t, t.ARNs[0], true)
	for i := range out {
		out[i].pattern, out[i].open = false, ""
	}
	return out
}

// specific tells whether events.txt has a variable of the type for this very
// event.
func (f *finder) specific(t *permission.Type) bool {
	for _, a := range t.ARNs {
		for _, v := range variables(a, "${") {
			if f.vars[f.key+"/"+f.action.Name+" "+v] != nil || f.vars[f.key+" "+v] != nil {
				return true
			}
		}
	}
	return false
}

// named are the resources of the type that the record lists.
func (f *finder) named(t *permission.Type) []namedResource {
	var out, prefixes []namedResource
	for _, r := range f.e.Resources {
		switch {
		case r.ARN != "" && f.is(t, r.ARN):
			out = append(out, namedResource{typ: t.String(), arn: r.ARN})
		case r.Prefix != "" && f.is(t, r.Prefix+"x"):
			prefixes = append(prefixes, namedResource{typ: t.String(), arn: r.Prefix + "*", pattern: true, open: t.String() + ": the record says only how the ARNs begin"})
		}
	}
	if len(out) == 0 {
		return prefixes
	}
	return out
}

// is tells whether an ARN is of the type, or of a longer form of it that is no
// type of the action: "function:f:prod" is a function for an action on
// functions.
func (f *finder) is(t *permission.Type, arn string) bool {
	if !strings.HasPrefix(arn, "arn:") {
		return false
	}
	// A "*" in the name of an object is a character like any other.
	arn = strings.NewReplacer("*", "x", "?", "x").Replace(arn)
	types := f.catalogue.ARNTypes(arn)
	if slices.Contains(types, t) {
		return true
	}
	return t.Fits(arn) && !slices.ContainsFunc(f.action.Resources, func(r permission.Resource) bool { return slices.Contains(types, r.Type) })
}

// arns are the ARNs of the type among the parameters: at the top, or at any
// depth.
func (f *finder) arns(t *permission.Type, node any, deep bool) []namedResource {
	var out []namedResource
	switch v := node.(type) {
	case string:
		if strings.HasPrefix(v, "arn:") && f.is(t, v) {
			out = append(out, namedResource{typ: t.String(), arn: v})
		}
	case []any:
		for _, e := range v {
			if _, text := e.(string); text || deep {
				out = append(out, f.arns(t, e, deep)...)
			}
		}
	case map[string]any:
		for _, k := range sortedKeys(v) {
			_, below := v[k].(map[string]any)
			if !below || deep {
				out = append(out, f.arns(t, v[k], deep)...)
			}
		}
	}
	return out
}

// resourceID is what the id of something of any type looks like.
var resourceID = regexp.MustCompile(`^([a-z][a-z-]*)-[0-9a-f]{8,}$`)

// byID are the resources of the type in a parameter that takes those of any.
func (f *finder) byID(t *permission.Type) []namedResource {
	begin, ok := f.ids[t.Service+" "+t.Name]
	if !ok {
		return nil
	}
	var out []namedResource
	for _, name := range []string{"resourceId", "resourceIds", "resourcesSet.resourceId"} {
		for _, v := range f.p.values([]param{{name: name}}) {
			if id := resourceID.FindStringSubmatch(v.text); id != nil && id[1] == begin {
				out = append(out, f.filledWith(t, v.text))
			}
		}
	}
	return dedupe(out)
}
