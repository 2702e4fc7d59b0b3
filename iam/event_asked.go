package iam

import (
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae/permission"
)

// Asked tells what was asked of AWS. It never fails: what a record does not
// tell is said in the answer.
func (m *Events) Asked(e *Event) Asking {
	out := Asking{Fit: FitExact, Outcome: e.outcome()}
	var reason string
	if out.Principal, out.Role, reason = e.principal(); reason != "" {
		out.Reasons = append(out.Reasons, reason)
	}
	p := parametersOf(e)
	actions, key, known := m.actions(e, p)
	switch {
	case known && len(actions) == 0:
		out.Fit = FitNoCheck
		out.Reasons = append(out.Reasons, "AWS decides on no action for "+e.Source+" "+e.Name)
		return out
	case !known && e.Type != "" && e.Type != "AwsApiCall" && e.Type != "AwsVpceEvent":
		out.Fit = FitNoCheck
		out.Reasons = append(out.Reasons, e.Source+" "+e.Name+" is no call of an API ("+e.Type+"), and says no action")
		return out
	case !known:
		out.Fit = FitNone
		out.Reasons = append(out.Reasons, key+" is no action of "+m.catalogue.Version().String())
		return out
	}
	for _, a := range actions {
		prefix, name, _ := strings.Cut(a.action, ":")
		act, ok := m.catalogue.Action(prefix, name)
		if !ok {
			out.Fit = FitNone
			out.Reasons = append(out.Reasons, a.action+" is no action of "+m.catalogue.Version().String())
			continue
		}
		f := &finder{m, e, p, key, act}
		r := f.asked(out.Principal)
		out.Requests = append(out.Requests, r)
		if tag := m.tagging(f, &r); tag != nil {
			out.Requests = append(out.Requests, *tag)
		}
	}
	out.Requests = append(out.Requests, m.passed(e, p, key, out.Principal)...)
	for _, r := range out.Requests {
		out.Reasons = append(out.Reasons, r.Open...)
	}
	// Without parameters the actions may be others, or the resources.
	depends := slices.ContainsFunc(actions, func(a eventAction) bool { return a.with != "" || a.without != "" })
	if !p.known && (depends || slices.ContainsFunc(out.Requests, func(r Asked) bool { return len(r.Patterns) > 0 })) {
		out.Reasons = append(out.Reasons, "the record leaves out the parameters")
	}
	slices.Sort(out.Reasons)
	out.Reasons = slices.Compact(out.Reasons)
	if len(out.Reasons) > 0 && out.Fit == FitExact {
		out.Fit = FitPartly
	}
	return out
}

// denialCodes are the codes that services give for a request that permissions do
// not allow
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
var denialCodes = []string{"AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "UnauthorizedOperation", "AuthorizationError",
	"AuthorizationErrorException", "Client.AccessDenied", "UnauthorizedAccess", "Client.UnauthorizedAccess", "KMSAccessDeniedException"}

func (e *Event) outcome() Outcome {
	switch {
	case e.Error == "":
		return OutcomeAllowed
	case slices.Contains(denialCodes, e.Error):
		return OutcomeDenied
	default:
		return OutcomeUnknown
	}
}

// asked makes the request of an action.
func (f *finder) asked(who Principal) Asked {
	k := f.e.globalKeys()
	f.serviceKeys(k)
	a := Asked{Unknown: k.unknown, UnknownValue: k.unknownValue, Request: Request{Principal: who, Action: f.action.String(), Context: k.context}}
	a.take(f.resources())
	if account, ok := k.context["aws:ResourceAccount"]; ok {
		a.Request.Account = account.List[0]
	} else if !f.e.ownerUnknown() {
		a.Request.Account = f.e.Recipient
	}
	return a
}

func (a *Asked) take(targets []namedResource) {
	for i, t := range targets {
		a.Request.Resources = append(a.Request.Resources, t.arn)
		a.Types = append(a.Types, t.typ)
		if t.pattern {
			a.Patterns = append(a.Patterns, i)
			a.Open = append(a.Open, t.open)
		}
	}
	a.Request.Any = len(targets) == 1 && targets[0].pattern
}

// serviceKeys are the action's own condition keys. Those that events.txt names
// are read from the parameters, and absent when their parameter is; of the
// others nothing is known.
func (f *finder) serviceKeys(k *keys) {
	for _, key := range actionKeys(f.action) {
		lower := strings.ToLower(key.Name)
		list, ok := f.eventMap.keys[lower]
		switch {
		case key.Global && (lower == "aws:tagkeys" || strings.HasPrefix(lower, "aws:requesttag/")):
			f.tagKeys(k)
		case key.Global || strings.HasPrefix(lower, "aws:"):
		case f.derived(k, lower):
		case !ok || !f.p.known:
			k.unknown = append(k.unknown, keyPattern(key.Name))
		default:
			f.fromParameters(k, key, list)
		}
	}
	slices.Sort(k.unknown)
	k.unknown = slices.Compact(k.unknown)
}

// actionKeys are the keys that the action carries for any of its resources.
func actionKeys(a *permission.Action) []*permission.Key {
	all := slices.Clone(a.Keys)
	for _, r := range a.Resources {
		for _, list := range [][]*permission.Key{r.Keys, r.Type.Keys} {
			for _, k := range list {
				if !slices.Contains(all, k) {
					all = append(all, k)
				}
			}
		}
	}
	return all
}

// keyPattern makes "s3:ExistingObjectTag/*" of "s3:ExistingObjectTag/<key>".
func keyPattern(name string) string {
	for _, open := range []string{"${", "<"} {
		if i := strings.Index(name, open); i >= 0 {
			return name[:i] + "*"
		}
	}
	if strings.HasSuffix(name, "/") || strings.HasSuffix(name, "/tag-key") {
		return strings.TrimSuffix(name, "tag-key") + "*"
	}
	return name
}

func (f *finder) fromParameters(k *keys, key *permission.Key, list []param) {
	var given []string
	for _, one := range list {
		nodes := f.p.find(one.name)
		for _, v := range f.p.values([]param{one}) {
			given = append(given, v.text)
		}
		switch {
		case len(given) > 0 && key.Multivalued:
			k.context[key.Name] = Many(given...)
			return
		case len(given) == 1:
			k.context[key.Name] = One(given[0])
			return
		case len(nodes) > 0:
			// Given, but hidden, or one for each of several resources.
			k.unknownValue = append(k.unknownValue, key.Name)
			return
		}
	}
}

// derived sets the keys that stand elsewhere in the record than among the
// parameters.
func (f *finder) derived(k *keys, lower string) bool {
	switch lower {
	case "s3:authtype":
		// https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
		how, ok := map[string]string{"AuthHeader": "REST-HEADER", "QueryString": "REST-QUERY-STRING"}[f.e.additional("AuthenticationMethod")]
		if !ok {
			return false
		}
		k.set("s3:authType", how)
	case "s3:signatureversion":
		how, ok := map[string]string{"SigV4": "AWS4-HMAC-SHA256", "SigV2": "AWS"}[f.e.additional("SignatureVersion")]
		if !ok {
			return false
		}
		k.set("s3:signatureversion", how)
	case "s3:tlsversion":
		v, ok := strings.CutPrefix(f.e.TLS.Version, "TLSv")
		if !ok {
			return false
		}
		k.set("s3:TlsVersion", v)
	case "kms:viaservice":
		// Absent when the principal calls KMS itself
		// (https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service).
		if name := f.e.invoker(); f.e.service() && name != "" {
			k.set("kms:ViaService", name+"."+f.e.Region+".amazonaws.com")
		} else if f.e.service() {
			k.unknownValue = append(k.unknownValue, "kms:ViaService")
		} else if f.e.Identity.Type == "AWSService" {
			return false
		}
	case "kms:calleraccount":
		if f.e.Identity.Type == "AWSService" || f.e.Identity.Account == "" {
			return false
		}
		k.set("kms:CallerAccount", f.e.Identity.Account)
	case "kms:encryptioncontext:${encryptioncontextkey}":
		if !f.p.known {
			return false
		}
		for _, node := range f.p.top("encryptionContext") {
			o, ok := node.(map[string]any)
			if !ok {
				return false
			}
			for name, v := range o {
				k.set("kms:EncryptionContext:"+name, plainTexts(v)...)
			}
		}
	default:
		return false
	}
	return true
}

// tagKeys are the tags that a request sets. Services write them as a map, or as
// a list of keys and values.
func (f *finder) tagKeys(k *keys) {
	if !f.p.known {
		k.unknown = append(k.unknown, "aws:RequestTag/*", "aws:TagKeys")
		return
	}
	tags := map[string]string{}
	var names []string
	for _, name := range []string{"tags", "tagSet", "tagList", "tagSpecificationSet", "tagging", "x-amz-tagging"} {
		for _, node := range f.p.find(name) {
			if !collectTags(node, tags) {
				k.unknown = append(k.unknown, "aws:RequestTag/*", "aws:TagKeys")
				return
			}
		}
	}
	for _, node := range f.p.find("tagKeys") {
		names = append(names, plainTexts(node)...)
	}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		k.context["aws:RequestTag/"+name] = One(tags[name])
		names = append(names, name)
	}
	if len(names) > 0 {
		k.context["aws:TagKeys"] = Many(names...)
	}
}

// collectTags reads tags in any of their forms. It returns false for what it
// does not know.
func collectTags(node any, into map[string]string) bool {
	switch v := node.(type) {
	case []any:
		for _, e := range v {
			if !collectTags(e, into) {
				return false
			}
		}
		return true
	case map[string]any:
		if items, ok := v["items"]; ok && len(v) == 1 {
			return collectTags(items, into)
		}
		if name := members(v, "key"); len(name) == 1 {
			key := plainTexts(name[0])
			val := []string{""}
			for _, m := range members(v, "value") {
				val = plainTexts(m)
			}
			if len(key) != 1 || len(val) != 1 || hidden(key[0]) {
				return false
			}
			into[key[0]] = val[0]
			return true
		}
		for _, inner := range []string{"tags", "tag", "tagset"} {
			if list := members(v, inner); len(list) == 1 {
				if _, text := list[0].(string); !text {
					return collectTags(list[0], into)
				}
			}
		}
		for name, val := range v {
			text := plainTexts(val)
			if len(text) != 1 {
				return false
			}
			into[name] = text[0]
		}
		return true
	}
	return false
}

// tagging is the request to tag what a call makes with tags; nil when it makes
// nothing, or its service does not ask.
func (m *Events) tagging(f *finder, made *Asked) *Asked {
	prefix, name, _ := strings.Cut(f.key, ":")
	tag, ok := m.tags[f.key]
	if !ok {
		tag, ok = m.tags[prefix]
	}
	if _, with := made.Request.Context["aws:TagKeys"]; !ok || !with || tag == f.action.String() || strings.HasPrefix(name, "Untag") || strings.HasPrefix(name, "Tag") || f.p.has("tagKeys") {
		return nil
	}
	_, name, _ = strings.Cut(tag, ":")
	act, ok := m.catalogue.Action(prefix, name)
	if !ok {
		return nil
	}
	a := (&finder{m, f.e, f.p, f.key, act}).asked(made.Request.Principal)
	a.Implied = true
	if tag == "ec2:CreateTags" {
		// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
		a.Request.Context["ec2:CreateAction"] = One(f.action.Name)
		a.Unknown = slices.DeleteFunc(a.Unknown, func(k string) bool { return k == "ec2:CreateAction" })
	}
	return &a
}

// passed are the roles that a call hands to a service. An instance profile does
// not say its role.
func (m *Events) passed(e *Event, p *parameters, key string, who Principal) []Asked {
	act, ok := m.catalogue.Action("iam", "PassRole")
	if !ok || e.ownerUnknown() {
		return nil
	}
	var out []Asked
	for _, one := range m.passes[strings.ToLower(key)] {
		for _, prm := range one.params {
			for _, node := range p.find(prm.name) {
				f := &finder{m, e, p, "iam:PassRole", act}
				a := f.asked(who)
				a.Implied = true
				a.Request.Resources, a.Types, a.Patterns, a.Open = nil, nil, nil, nil
				a.take(f.roles(prm.name, node))
				a.Request.Context["iam:PassedToService"] = One(one.service)
				a.Unknown = slices.DeleteFunc(a.Unknown, func(k string) bool { return k == "iam:PassedToService" })
				out = append(out, a)
			}
		}
	}
	return out
}

// roles are the roles of a parameter: their ARNs, or names.
func (f *finder) roles(name string, node any) []namedResource {
	prefix := "arn:" + f.e.partition() + ":iam::" + f.e.Recipient + ":role/"
	if name == "iamInstanceProfile" {
		return []namedResource{{typ: "iam:role", arn: prefix + "*", pattern: true, open: "iam:role: the record does not say the role of the instance profile"}}
	}
	var out []namedResource
	all := plainTexts(node)
	if o, ok := node.(map[string]any); ok && len(all) == 0 {
		for _, v := range o {
			for _, t := range plainTexts(v) {
				if strings.Contains(t, ":role/") {
					all = append(all, t)
				}
			}
		}
		slices.Sort(all)
	}
	for _, t := range all {
		switch {
		case strings.Contains(t, ":role/"):
			out = append(out, namedResource{typ: "iam:role", arn: t})
		case hidden(t) || strings.Contains(t, ":"):
			out = append(out, namedResource{typ: "iam:role", arn: prefix + "*", pattern: true, open: "iam:role: the record does not say the role that is passed"})
		default:
			// A name, or what follows "role/" with its path.
			name := strings.TrimPrefix(strings.TrimPrefix(t, "role/"), "/")
			if strings.Contains(name, "/") {
				out = append(out, namedResource{typ: "iam:role", arn: prefix + name})
			} else {
				out = append(out, namedResource{typ: "iam:role", arn: prefix + "*" + name, pattern: true, open: "iam:role: the record does not say the path of the role that is passed"})
			}
		}
	}
	if len(out) == 0 {
		return []namedResource{{typ: "iam:role", arn: prefix + "*", pattern: true, open: "iam:role: the record does not say the role that is passed"}}
	}
	return out
}
