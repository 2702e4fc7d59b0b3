package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae/permission"
)

// filled are the ARNs that the parameters fill in whole; what stands for
// nothing in particular is of no use here.
func (f *finder) filled(t *permission.Type) []namedResource {
	for _, form := range t.ARNs {
		if out := f.fill(t, form, false); len(out) > 0 {
			return out
		}
	}
	return nil
}

// fallback is the type's first form with "*" for what the record does not say.
func (f *finder) fallback(t *permission.Type) namedResource {
	out := f.fill(t, t.ARNs[0], true)
	return out[0]
}

// filledWith is the first form with a text for every variable.
func (f *finder) filledWith(t *permission.Type, text string) namedResource {
	arn := t.ARNs[0]
	for _, v := range variables(arn, "${") {
		arn = strings.ReplaceAll(arn, "${"+v+"}", f.place(v, text))
	}
	return namedResource{typ: t.String(), arn: arn}
}

// place is the value of a variable that the record always has, or the text.
func (f *finder) place(v, text string) string {
	switch v {
	case "Partition":
		return f.e.partition()
	case "Region":
		return f.e.Region
	case "Account", "AccountId":
		if f.e.ownerUnknown() {
			return "*"
		}
		return f.e.Recipient
	}
	return text
}

// fill puts the parameters into a form. A variable with several values gives
// several ARNs; two of them cannot be paired, and give none. With partly, what
// is not said is "*".
func (f *finder) fill(t *permission.Type, form string, partly bool) []namedResource {
	out := []namedResource{{typ: t.String(), arn: form}}
	said := false
	var missing []string
	for _, v := range variables(form, "${") {
		vals := f.variable(t, v)
		if len(vals) > 0 && strings.HasPrefix(vals[0].text, "arn:") {
			if whole := f.whole(t, vals); len(whole) > 0 {
				return whole
			}
			vals = nil
		}
		said = said || len(vals) > 0 && v != "Partition" && v != "Region" && v != "Account"
		if len(vals) == 0 {
			if place := f.place(v, ""); place != "" {
				vals = []paramValue{{text: place, pattern: place == "*"}}
			} else if d, ok := f.fallbackValue(t, v); ok {
				vals = []paramValue{{text: d, pattern: d == "*"}}
				said = said || d != "*"
			} else {
				missing = append(missing, v)
				vals = []paramValue{{text: "*", pattern: true}}
			}
		}
		if len(vals) > 1 && len(out) > 1 {
			missing = append(missing, v)
			vals = []paramValue{{text: "*", pattern: true}}
		}
		var next []namedResource
		for _, o := range out {
			for _, val := range vals {
				n := o
				n.arn = strings.ReplaceAll(n.arn, "${"+v+"}", val.text)
				if val.pattern && n.open == "" {
					n.pattern, n.open = true, fmt.Sprintf("%s: the record does not say the whole of %s", t, v)
				}
				next = append(next, n)
			}
		}
		out = next
	}
	if strings.Contains(form, "*") {
		// Some forms have a "*" where anything may stand.
		for i := range out {
			out[i].pattern, out[i].open = true, t.String()+": its ARNs end in what the record does not say"
		}
	}
	if !partly && (len(missing) > 0 || !said && len(variables(form, "${")) > 3) {
		return nil
	}
	if len(missing) > 0 {
		for i := range out {
			out[i].pattern, out[i].open = true, fmt.Sprintf("%s: the record does not say %s", t, strings.Join(missing, ", "))
		}
	}
	return out
}

// whole are values that are ARNs of the type themselves.
func (f *finder) whole(t *permission.Type, vals []paramValue) []namedResource {
	var out []namedResource
	for _, v := range vals {
		if strings.HasPrefix(v.text, "arn:") && f.is(t, v.text) {
			out = append(out, namedResource{typ: t.String(), arn: v.text})
		}
	}
	return out
}

func (f *finder) fallbackValue(t *permission.Type, v string) (string, bool) {
	prefix, _, _ := strings.Cut(f.key, ":")
	for _, scope := range []string{prefix + "/" + t.Name, prefix} {
		if d, ok := f.defaults[scope+" "+v]; ok {
			return d, ok
		}
	}
	return "", false
}

// variable finds the values of a variable of a type's ARNs among the
// parameters.
func (f *finder) variable(t *permission.Type, v string) []paramValue {
	prefix, _, _ := strings.Cut(f.key, ":")
	for _, scope := range []string{f.key + "/" + f.action.Name, f.key, prefix + "/" + t.Name, prefix} {
		if list, ok := f.vars[scope+" "+v]; ok {
			return f.underPath(v, f.p.values(list))
		}
	}
	if v == "Partition" || v == "Region" || v == "Account" {
		return nil
	}
	if f.foreign(t) {
		return nil
	}
	deep, top := spellings(v, f.about(t, v))
	if vals := f.p.values(deep); len(vals) > 0 {
		return plainOnly(vals)
	}
	for _, one := range top {
		if len(f.p.top(one.name)) > 0 {
			return plainOnly(f.p.values([]param{one}))
		}
	}
	return nil
}

// about tells whether the call is about something of the type, whose name or id
// the variable is: what is called just "name" is its name then.
func (f *finder) about(t *permission.Type, v string) bool {
	_, event, _ := strings.Cut(f.key, ":")
	typ := plainName(t.Name)
	return strings.HasPrefix(plainName(v), typ) && (len(f.action.Resources) == 1 || strings.Contains(plainName(event), typ))
}

// foreign tells whether the type is another service's: its names are not those
// of this service's parameters.
func (f *finder) foreign(t *permission.Type) bool {
	fields := strings.SplitN(t.ARNs[0], ":", 4)
	if len(fields) < 4 || fields[2] == t.Service {
		return false
	}
	_, known := f.catalogue.Service(fields[2])
	return known
}

// plainOnly drops values that cannot be an id or a name: those with a colon
// that are no ARN.
func plainOnly(vals []paramValue) []paramValue {
	return slices.DeleteFunc(vals, func(v paramValue) bool { return !strings.HasPrefix(v.text, "arn:") && strings.Contains(v.text, ":") })
}

// withPath are the calls that make something under a path.
var withPath = []string{"iam:CreateGroup", "iam:CreateInstanceProfile", "iam:CreatePolicy", "iam:CreateRole", "iam:CreateUser", "iam:CreateVirtualMFADevice", "iam:UploadServerCertificate"}

// underPath puts the path that a call names before a name; a resource that is
// made without one has none
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
func (f *finder) underPath(v string, vals []paramValue) []paramValue {
	if !strings.HasSuffix(v, "WithPath") {
		return vals
	}
	path := ""
	switch given := f.p.values([]param{{name: "path"}}); {
	case len(given) == 1:
		path = strings.TrimPrefix(given[0].text, "/")
	case !slices.Contains(withPath, f.key):
		return vals
	}
	out := make([]paramValue, len(vals))
	for i, val := range vals {
		name, bare := strings.CutPrefix(val.text, "*")
		if out[i] = val; bare {
			out[i] = paramValue{text: path + name}
		}
	}
	return out
}

// spellings are the names of parameters that fill a variable: its own, in the
// plural, and with Identifier in the place of Name or Id; a name is no id. At
// the top, what the call is about may be called just that.
func spellings(v string, main bool) (deep, top []param) {
	v = strings.TrimSuffix(strings.TrimSuffix(v, "WithPath"), "WithoutLeadingSlash")
	plain := plainName(v)
	stem, end := plain, ""
	for _, s := range []string{"identifier", "name", "id"} {
		if cut, ok := strings.CutSuffix(plain, s); ok && cut != "" {
			stem, end = cut, s
			break
		}
	}
	add := func(into *[]param, names ...string) {
		for _, n := range names {
			for _, plural := range []string{"", "s"} {
				p := param{name: n + plural}
				if !slices.Contains(*into, p) {
					*into = append(*into, p)
				}
			}
		}
	}
	add(&deep, plain)
	switch end {
	case "name", "id":
		add(&deep, stem+"identifier")
	case "identifier":
		add(&deep, stem+"name", stem+"id")
	}
	if end == "" {
		return deep, nil
	}
	add(&top, stem)
	if main {
		add(&top, end, "identifier", "arn")
	}
	return deep, top
}
