package control

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/policy"
)

// isStar tells whether a principal, as principals gives it, is everybody. AWS
// takes the star only alone, never inside an ARN
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
func isStar(v any) any { return equal(v, "*") }

func forPrincipal(st map[string]any, is func(any) any) any {
	list, more := principals(st["Principal"])
	return some(list, more, is)
}

// policyStarPrincipal tells whether some Allow statement names "*" as a
// principal, whatever its conditions.
func policyStarPrincipal(doc any) any {
	return someStatement(doc, "Allow", func(st map[string]any) any { return forPrincipal(st, isStar) })
}

// policyAllowsAnyone tells whether some Allow statement is for everybody and has
// no condition at all. An Allow with NotPrincipal is for everybody else.
func policyAllowsAnyone(doc any) any {
	return someStatement(doc, "Allow", func(st map[string]any) any {
		return and3(toAnyone(st, isStar), func() any { return unconditional(st) })
	})
}

// toAnyone tells whether a principal of the statement is so, or all but some are
// meant.
func toAnyone(st map[string]any, is func(any) any) any {
	return some([]any{forPrincipal(st, is), present(st, "NotPrincipal")}, nil, func(v any) any { return v })
}

// policyPublic tells whether the policy is public in the sense of S3 Block
// Public Access: some Allow statement is for everybody, or for whoever a public
// identity provider vouches for, and no condition limits it to fixed values
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status).
// Deny statements do not make a policy less public. The evaluator's matcher
// judges what is known throughout; a document with unknown parts, or with faults
// of which AWS's reading is not sure, is judged in parts.
func policyPublic(doc any) any {
	if knownTree(doc) {
		d := policy.FromTree(doc, policy.Resource, "the policy")
		if d == nil {
			return false
		}
		if p := iam.PublicPolicy(d); p.More == nil && len(d.Problems) == 0 {
			return p.Public
		}
	}
	return publicInParts(doc)
}

// knownTree tells whether a value has no unknown part.
func knownTree(v any) bool {
	switch x := v.(type) {
	case map[string]any:
		for _, e := range x {
			if !knownTree(e) {
				return false
			}
		}
	case []any:
		return !slices.ContainsFunc(x, func(e any) bool { return !knownTree(e) })
	case *haetae.OpenList, *haetae.Secret:
		return false
	}
	return !isUnknown(v)
}

// publicInParts is policyPublic where parts may be unknown.
func publicInParts(doc any) any {
	return someStatement(doc, "Allow", func(st map[string]any) any {
		open := func(v any) any {
			return some([]any{isStar(v), equal(v, "service:*")}, nil, func(v any) any { return v })
		}
		general := and3(toAnyone(st, open), func() any { return not(pinned(st, "")) })
		if general == true {
			return true
		}
		federated := forPrincipal(st, func(v any) any { return publicProvider(st, v) })
		return some([]any{general, federated}, nil, func(v any) any { return v })
	})
}

// publicProvider tells whether a principal is a provider of web identities that
// anybody can have, such as graph.facebook.com, and no condition, be it on the
// provider's own keys, limits it. A provider with an ARN is one of an account.
func publicProvider(st map[string]any, v any) any {
	switch x := v.(type) {
	case string:
		host, ok := strings.CutPrefix(x, "federated:")
		if !ok || strings.HasPrefix(host, "arn:") {
			return false
		}
		return not(pinned(st, strings.ToLower(host)+":"))
	case *haetae.Unknown:
		if len(x.Parts) < 2 || !strings.HasPrefix(x.Parts[0], "federated:") || strings.HasPrefix(x.Parts[0], "federated:arn:") {
			return false
		}
	}
	return and3(v, func() any { return not(pinned(st, "")) })
}

// pinKeys are the condition keys that make a statement non-public when they are
// held to fixed values. The first group is S3's own list, with the keys of a
// principal that it stands for; those of other services have the same sense
// there.
var pinKeys = map[string]bool{
	"aws:sourcearn": true, "aws:sourcevpc": true, "aws:sourcevpce": true, "aws:sourceowner": true,
	"aws:sourceaccount": true, "aws:userid": true, "s3:dataaccesspointaccount": true, "s3:dataaccesspointarn": true,
	"s3:x-amz-server-side-encryption-aws-kms-key-id": true,
	"aws:principalorgid":                             true, "aws:principalaccount": true, "aws:principalarn": true,
	"aws:principalservicename": true, "aws:principalorgpaths": true,

	"aws:sourceorgid": true, "aws:sourceorgpaths": true, "aws:sourcevpcarn": true,
	"aws:vpceaccount": true, "aws:vpceorgid": true, "aws:vpceorgpaths": true,
	"kms:calleraccount": true,
}

// pinOperators are the operators that hold a key to the values given. Those that
// end in IfExists, ForAllValues and the negated ones let a request through that
// lacks the key
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
var pinOperators = map[string]bool{
	"stringequals": true, "stringequalsignorecase": true, "stringlike": true, "arnequals": true, "arnlike": true,
}

// pinned tells whether a condition limits the statement to fixed values; own is
// the prefix of keys that count beside pinKeys.
func pinned(st map[string]any, own string) any {
	return conditionSome(st, func(operator, key string, values any) any {
		op := strings.TrimPrefix(strings.ToLower(operator), "foranyvalue:")
		fixed := fixedValue
		switch {
		case op == "ipaddress" && (key == "aws:sourceip" || key == ""):
			fixed = narrowRange
		case !pinOperators[op]:
			return false
		case key == "":
		case key == "s3:dataaccesspointarn":
			fixed = fixedAccessPoint
		case strings.HasSuffix(key, "orgpaths"):
			fixed = fixedOrganization
		case !pinKeys[key] && (own == "" || !strings.HasPrefix(key, own)):
			return false
		}
		list, more := listed(values)
		return every(list, more, fixed)
	})
}

// fixedValue tells whether a value has neither a wildcard nor a policy variable.
func fixedValue(v any) any {
	switch x := v.(type) {
	case string:
		return !strings.ContainsAny(x, "*?") && !strings.Contains(x, "${")
	case *haetae.Unknown:
		for _, p := range x.Parts {
			if strings.ContainsAny(p, "*?") || strings.Contains(p, "${") {
				return false
			}
		}
		if x.Plain {
			return true
		}
	}
	if isUnknown(v) {
		return v
	}
	return faulty("a condition value is not a text")
}

// fixedUpTo tells whether a value is fixed up to the text that ends its fixed
// part, and what follows may be anything.
func fixedUpTo(v any, end string) any {
	switch x := v.(type) {
	case string:
		head, _, _ := strings.Cut(x, end)
		return fixedValue(head)
	case *haetae.Unknown:
		if len(x.Parts) < 2 {
			break
		}
		u := *x
		for i, p := range x.Parts {
			head, _, ok := strings.Cut(p, end)
			if !ok {
				continue
			}
			if i == 0 {
				return fixedValue(head)
			}
			u.Parts = append(append([]string(nil), x.Parts[:i]...), head)
			break
		}
		return fixedValue(&u)
	}
	return fixedValue(v)
}

// fixedAccessPoint: in a bucket policy the name of an access point may be a
// wildcard as long as the account is fixed (the page of policyPublic).
func fixedAccessPoint(v any) any { return fixedUpTo(v, ":accesspoint/") }

// fixedOrganization: the first part of an organization path is the
// organization, which nobody outside can choose.
func fixedOrganization(v any) any { return fixedUpTo(v, "/") }

// narrowRange tells whether an address range is no broader than /8, or /32 for
// IPv6: S3 calls a policy with a broader one public.
func narrowRange(v any) any {
	switch x := v.(type) {
	case string:
		if a, err := netip.ParseAddr(x); err == nil {
			return a.IsValid()
		}
		p, err := netip.ParsePrefix(x)
		if err != nil {
			return false // AWS refuses it; it holds nobody back
		}
		if p.Addr().Is4() {
			return p.Bits() >= 8
		}
		return p.Bits() >= 32
	case *haetae.Unknown:
		n := len(x.Parts)
		if n < 2 || x.Parts[n-1] == "" {
			break
		}
		bits, ok := suffixBits(x)
		if ok && bits >= 32 {
			return true
		}
		if ok && bits < 8 {
			return false
		}
	}
	if isUnknown(v) {
		return v
	}
	return faulty("an address range is not a text")
}

// suffixBits reads the prefix length of an address range that is known in its
// last part: "${Office}/32".
func suffixBits(u *haetae.Unknown) (int, bool) {
	n := len(u.Parts)
	if n < 2 {
		return 0, false
	}
	last := u.Parts[n-1]
	i := strings.LastIndexByte(last, '/')
	if i < 0 {
		return 0, false
	}
	bits, err := strconv.Atoi(last[i+1:])
	return bits, err == nil && bits >= 0 && bits <= 128
}

// policyAdmin tells whether some Allow statement grants every action on every
// resource, whatever its conditions: full administration as in AWS Config's
// iam-policy-no-statements-with-admin-access
// (https://docs.aws.amazon.com/config/latest/developerguide/iam-policy-no-statements-with-admin-access.html).
// An Allow with NotAction or NotResource leaves something out and is not full;
// policyNotAction and policyNotResource find those.
func policyAdmin(doc any) any {
	return someStatement(doc, "Allow", func(st map[string]any) any {
		return and3(hasAction(st, everyAction), func() any { return hasResource(st, everyResource) })
	})
}

// policyNotAction tells whether some Allow statement has NotAction.
func policyNotAction(doc any) any { return allowWith(doc, "NotAction") }

// policyNotResource tells whether some Allow statement has NotResource.
func policyNotResource(doc any) any { return allowWith(doc, "NotResource") }

// policyNotPrincipal tells whether some Allow statement has NotPrincipal.
func policyNotPrincipal(doc any) any { return allowWith(doc, "NotPrincipal") }

func allowWith(doc any, key string) any {
	return someStatement(doc, "Allow", func(st map[string]any) any { return present(st, key) })
}

// policyAllows tells whether someone may: some Allow statement applies to some
// action of the pattern on the whole of the resource pattern ("*" asks for all
// resources), and no unconditional Deny takes that away from all whom it names.
// A condition is one that a caller may meet.
func policyAllows(doc, action, resource any) any {
	return someStatement(doc, "Allow", func(st map[string]any) any {
		return and3(reachesRequest(st, action, resource), func() any {
			return not(someStatement(doc, "Deny", func(deny map[string]any) any {
				return and3(coversRequest(deny, action, resource),
					func() any { return unconditional(deny) },
					func() any { return deniesAllOf(deny, st) })
			}))
		})
	})
}

// policyDenies tells whether an unconditional Deny for everybody covers every
// action of the pattern on the whole of the resource pattern.
func policyDenies(doc, action, resource any) any {
	return someStatement(doc, "Deny", func(st map[string]any) any {
		return and3(coversRequest(st, action, resource),
			func() any { return unconditional(st) },
			func() any { return forEverybody(st) })
	})
}

// forEverybody tells whether the statement is for all who come to the policy: a
// policy of an identity has no Principal.
func forEverybody(st map[string]any) any {
	if st["Principal"] == nil && st["NotPrincipal"] == nil {
		return true
	}
	return and3(not(present(st, "NotPrincipal")), func() any { return forPrincipal(st, isStar) })
}

// deniesAllOf tells whether a Deny is for every principal that the Allow is for.
func deniesAllOf(deny, allow map[string]any) any {
	all := forEverybody(deny)
	if all == true || present(deny, "NotPrincipal") == true || present(allow, "NotPrincipal") != false {
		return all
	}
	list, more := principals(allow["Principal"])
	if list == nil && more == nil {
		return all
	}
	named := every(list, more, func(a any) any {
		return forPrincipal(deny, func(d any) any { return principalWithin(a, d) })
	})
	return some([]any{all, named}, nil, func(v any) any { return v })
}

// principalWithin tells whether a principal is another or is of the account that
// the other stands for.
func principalWithin(a, d any) any {
	same := equal(a, d)
	if same == true {
		return true
	}
	root, ok := d.(string)
	if !ok {
		if isUnknown(same) || same == false && isKinded(d) {
			return same
		}
		return undecided(d) // it may be the account of a
	}
	account, ok := rootAccount(root)
	if !ok || isKinded(a) {
		return same
	}
	if id, known := principalAccount(a); known {
		return id == account
	}
	return undecided(a)
}

// isKinded tells whether a principal is a service, a federation or a canonical
// user: none of them is part of an account.
func isKinded(v any) bool {
	s, _ := v.(string)
	if u, ok := v.(*haetae.Unknown); ok && len(u.Parts) > 1 {
		s = u.Parts[0]
	}
	return strings.HasPrefix(s, "service:") || strings.HasPrefix(s, "federated:") || strings.HasPrefix(s, "canonical:")
}

// rootAccount returns the account of a principal that stands for a whole account.
func rootAccount(p string) (string, bool) {
	account := accountOf(p)
	return account, account != "" && (p == account || strings.HasSuffix(p, ":root"))
}

// accountOf returns the account number in a principal, or "".
func accountOf(p string) string {
	p = strings.TrimPrefix(p, "federated:")
	if strings.HasPrefix(p, "arn:") {
		f := strings.SplitN(p, ":", 6)
		if len(f) < 6 {
			return ""
		}
		p = f[4]
	}
	if len(p) == 12 && strings.Trim(p, "0123456789") == "" {
		return p
	}
	return ""
}

// policyCrossAccount lists the accounts other than the given one that Allow
// statements name as principals, sorted. "*", services and canonical users name
// no account.
func policyCrossAccount(doc, account any) any {
	list, more := rawStatements(doc)
	var found, whys []any
	if more != nil {
		whys = append(whys, more)
	}
	for _, e := range list {
		st, ok := e.(map[string]any)
		if !ok {
			whys = append(whys, e)
			continue
		}
		allow := equal(st["Effect"], "Allow")
		if allow == false {
			continue
		}
		ps, more := principals(st["Principal"])
		if more != nil {
			whys = append(whys, more)
		}
		for _, p := range ps {
			id, known := principalAccount(p)
			switch {
			case ownAccount(p):
			case !known:
				whys = append(whys, p)
			case id == "":
			default:
				same := equal(account, id)
				switch other := and3(allow, func() any { return not(same) }); {
				case other == true:
					found = append(found, id)
				case other != false:
					whys = append(whys, other)
				}
			}
		}
	}
	return sortedSet(found, whys)
}

// ownAccount tells whether a template names the account that it is deployed in.
func ownAccount(p any) bool {
	u, ok := p.(*haetae.Unknown)
	return ok && u.Ref == haetae.AccountOfStack
}

// principalAccount returns the account that a principal names, "" for none, and
// whether that is known.
func principalAccount(p any) (string, bool) {
	switch x := p.(type) {
	case string:
		return accountOf(x), true
	case *haetae.Unknown:
		if len(x.Parts) < 2 {
			return "", false
		}
		first := x.Parts[0]
		if strings.HasPrefix(first, "service:") || strings.HasPrefix(first, "canonical:") {
			return "", true
		}
		if strings.Count(first, ":") >= 5 {
			return accountOf(first), true
		}
	}
	return "", false
}

// sortedSet is a list of texts, each once; open when something is undecided.
func sortedSet(found, whys []any) any {
	sortStrings(found)
	found = slices.Compact(found)
	if found == nil {
		found = []any{}
	}
	if whys == nil {
		return found
	}
	return openList(found, merge(whys...))
}

// policyWildcardServices lists the services of which an Allow statement grants
// all actions on all resources, whatever its conditions; "*" stands for every
// service.
func policyWildcardServices(doc any) any {
	list, more := rawStatements(doc)
	var found, whys []any
	if more != nil {
		whys = append(whys, more)
	}
	for _, e := range list {
		st, ok := e.(map[string]any)
		if !ok {
			whys = append(whys, e)
			continue
		}
		applies := and3(equal(st["Effect"], "Allow"), func() any { return hasResource(st, everyResource) })
		if applies == false {
			continue
		}
		actions, more := listed(st["Action"])
		if more != nil {
			whys = append(whys, more)
		}
		for _, a := range actions {
			switch all := and3(applies, func() any { return allOfService(a) }); {
			case all == true:
				found = append(found, serviceOfStar(a.(string)))
			case all != false:
				whys = append(whys, all)
			}
		}
	}
	return sortedSet(found, whys)
}

// policyPassRoleAny tells whether some Allow statement lets any role be passed
// to any service: iam:PassRole on all roles, not limited by
// iam:PassedToService
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
// All roles of an account are all that can be passed there.
func policyPassRoleAny(doc any) any {
	return someStatement(doc, "Allow", func(st map[string]any) any {
		covers := func(v any) any { return matchAction(v, "iam:PassRole") }
		return and3(either(st, "Action", "NotAction", covers, covers),
			func() any { return hasResource(st, everyRole) },
			func() any { return not(limitsService(st)) })
	})
}

// everyRole tells whether a resource pattern matches every role of an account.
func everyRole(v any) any {
	switch x := v.(type) {
	case string:
		partition, account := "aws", "*"
		if f := strings.SplitN(x, ":", 6); len(f) == 6 {
			partition, account = f[1], f[4]
		}
		return globCovers(x, "arn:"+partition+":iam::"+account+":role/*")
	case *haetae.Unknown:
		if len(x.Parts) < 2 {
			return everyResource(x)
		}
		first, last := x.Parts[0], x.Parts[len(x.Parts)-1]
		head := strings.Split(first, ":")
		switch {
		case last != "" && !strings.HasSuffix(last, "*"), last == "" && x.Plain:
			return false
		case x.Plain && len(x.Parts) == 2 && len(head) == 5 && head[4] == "":
			// "arn:aws:iam::${AWS::AccountId}:role/*": the account itself
			return globCovers(first+"0"+last, "arn:"+head[1]+":iam::0:role/*")
		}
	}
	return undecided(v)
}

// limitsService tells whether a condition limits the services that a role may be
// passed to.
func limitsService(st map[string]any) any {
	return conditionSome(st, func(operator, key string, values any) any {
		op := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(operator), "foranyvalue:"), "ifexists")
		if !pinOperators[op] || key != "" && key != "iam:passedtoservice" {
			return false
		}
		list, more := listed(values)
		return every(list, more, func(v any) any { return not(onlyStars(v, isStars, "*")) })
	})
}
