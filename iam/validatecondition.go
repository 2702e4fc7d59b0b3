package iam

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

// conditions checks the Condition of a statement.
func (v *validator) conditions(at place, s *policy.Statement) {
	if !v.expect(at, policy.Object, "an object") {
		return
	}
	if len(at.node.Members) == 0 {
		v.add(typeSuggestion, "EMPTY_OBJECT_CONDITION", at, "The condition is empty: it says nothing.")
	}
	for _, m := range at.node.Members {
		op, ok := policy.ParseOperator(m.Name)
		switch {
		case strings.HasSuffix(strings.ToLower(m.Name), "nullifexists"):
			v.err("NULL_WITH_IF_EXISTS", at.key(m), "Null asks whether a key is there: IfExists makes no sense with it.")
			continue
		case !ok:
			v.err("INVALID_CONDITION_OPERATOR", at.key(m), "There is no condition operator %q.", m.Name)
			continue
		case op.Test == policy.NullTest && op.Set != "":
			v.add(typeSuggestion, "NULL_WITH_QUALIFIER", at.key(m), "Null asks whether a key is there: %s makes no sense with it.", op.Set)
		}
		where := at.value(m.Name, m.Value)
		if !v.expect(where, policy.Object, "an object of keys and values") {
			continue
		}
		if len(m.Value.Members) == 0 {
			v.add(typeSuggestion, "EMPTY_OBJECT_CONDITION", where, "The operator has no keys: it says nothing.")
		}
		seen := map[string]string{}
		for _, k := range m.Value.Members {
			lower := strings.ToLower(k.Name)
			if first, ok := seen[lower]; ok {
				v.err("DUPLICATE_KEYS_WITH_DIFFERENT_CASE", where.key(k), "Keys have no case: %q is %q again.", k.Name, first)
			}
			seen[lower] = k.Name
			v.key(where.key(k), where.value(k.Name, k.Value), op, s)
		}
	}
}

// key checks one key with its values.
func (v *validator) key(name, values place, op policy.Operator, s *policy.Statement) {
	text := name.path[len(name.path)-1].Key
	service, rest, colon := strings.Cut(text, ":")
	key, found := v.catalogue.Key(text)
	switch {
	case !colon || service == "" || rest == "":
		v.err("INVALID_CONDITION_KEY_FORMAT", name, "A condition key is a service, a colon and a name: %q is not.", text)
		return
	case found && strings.HasSuffix(text, "/") || !found && tagKey(text):
		v.err("MISSING_TAG_KEY_IN_CONDITION", name, "%q lacks the name of the tag: %s/NAME.", text, strings.TrimSuffix(text, "/"))
		return
	case !found && strings.EqualFold(service, "aws"):
		v.err("INVALID_GLOBAL_CONDITION_KEY", name, "There is no global condition key %q in %s.", text, v.catalogue.Version())
	case !found && v.isService(service):
		v.err("INVALID_SERVICE_CONDITION_KEY", name, "The service %s has no condition key %q in %s.", service, text, v.catalogue.Version())
	}
	if found {
		v.keyKind(name, values, op, key, text, s)
	}
	list := []place{values}
	if values.node.Kind == policy.Array {
		list = nil
		for i, item := range values.node.Items {
			list = append(list, values.index(i, item))
		}
		if len(list) == 0 {
			code := "EMPTY_ARRAY_CONDITION"
			switch {
			case op.Set == policy.ForAll:
				code += "_FOR_ALL_VALUES"
			case op.Set == policy.ForAny:
				code += "_FOR_ANY_VALUE"
			case op.IfExists:
				code += "_IF_EXISTS"
			}
			v.add(typeSuggestion, code, values, "The list is empty: no value of %s fits it.", text)
		}
	}
	if op.Test == policy.BoolTest && len(list) > 1 {
		v.err("INVALID_CONDITION_MULTIPLE_BOOLEAN", values, "A Boolean condition has one value.")
	}
	if len(list) > 1 && (strings.HasPrefix(string(op.Test), "NumericLess") || strings.HasPrefix(string(op.Test), "NumericGreater")) {
		v.add(typeSuggestion, "REDUNDANT_CONDITION_VALUE_NUM", values, "Of several bounds the widest one counts: one is enough.")
	}
	var privates, publics []place
	for _, p := range list {
		switch p.node.Kind {
		case policy.String, policy.Number, policy.Bool:
		default:
			v.err("INVALID_CONDITION_DATA_TYPE", p, "A value is a text, a number or a Boolean.")
			continue
		}
		v.conditionValue(p, op, text)
		if op.Test == policy.IPAddress && strings.EqualFold(text, "aws:SourceIp") {
			if r, ok := prefix(p.node.Text); ok && private(r) {
				privates = append(privates, p)
			} else {
				publics = append(publics, p)
			}
		}
	}
	v.privateRanges(privates, publics, op, values)
}

// privateRanges: requests over the internet have public addresses, and those
// through an endpoint have aws:VpcSourceIp.
func (v *validator) privateRanges(privates, publics []place, op policy.Operator, at place) {
	if len(privates) == 0 {
		return
	}
	code := "PRIVATE_IP_ADDRESS"
	if op.Negated {
		code = "PRIVATE_NOT_IP_ADDRESS"
	}
	if len(publics) == 0 {
		v.err(code, at, "aws:SourceIp is a public address: a private range never fits. aws:VpcSourceIp has the private one.")
		return
	}
	for _, p := range privates {
		v.add(typeSuggestion, code+"_SUBSET", p, "aws:SourceIp is a public address: a private range never fits.")
	}
}

func tagKey(text string) bool {
	lower := strings.ToLower(strings.TrimSuffix(text, "/"))
	return slices.Contains([]string{"aws:resourcetag", "aws:requesttag", "aws:principaltag"}, lower)
}

func (v *validator) isService(prefix string) bool {
	_, found := v.catalogue.Service(strings.ToLower(prefix))
	return found
}

// keyKind checks the operator against what kind of key it is.
func (v *validator) keyKind(name, values place, op policy.Operator, key *permission.Key, text string, s *policy.Statement) {
	if op.Test == policy.NullTest {
		return
	}
	if key.Multivalued && op.Set == "" {
		v.err("MISSING_QUALIFIER", name, "%s can have several values: say ForAllValues or ForAnyValue.", text)
	}
	if !key.Multivalued && op.Set == policy.ForAll && s.Effect == policy.Allow {
		v.add(typeSecurity, "FOR_ALL_VALUES_WITH_SINGLE_VALUED_KEY", name, "%s has one value. ForAllValues also holds when the key is missing, which lets requests in that lack it.", text)
	}
	allowed := map[permission.Kind][]string{
		permission.String:  {"String"},
		permission.ARN:     {"Arn", "String"},
		permission.Bool:    {"Bool"},
		permission.Numeric: {"Numeric"},
		permission.Date:    {"Date"},
		permission.IP:      {"IpAddress"},
		permission.Binary:  {"Binary"},
	}[key.Kind]
	kind := strings.TrimPrefix(string(op.Test), "Not")
	fits := slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(kind, a) })
	if key.Kind == permission.Date && strings.HasPrefix(kind, "Numeric") && strings.EqualFold(text, "aws:EpochTime") {
		fits = true
	}
	if !fits && len(allowed) > 0 {
		v.add(typeWarning, "TYPE_MISMATCH", name, "%s is compared with %s operators, not with %s.", text, allowed[0], op.Written)
	}
	if key.Kind == permission.ARN && op.Test == policy.StringLike {
		v.add(typeSecurity, "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", name, "%s is an ARN: with ArnLike a wildcard stays in its field.", text)
	}
	if v.typ == policy.Identity && slices.Contains([]string{"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"}, strings.ToLower(text)) && s.Effect == policy.Allow && !op.IfExists && !op.Negated {
		v.add(typeWarning, "HAETAE_KEY_NEVER_PRESENT", name, "Only requests of AWS services have %s: this Allow lets nobody in.", text)
	}
}

// conditionValue checks one value against its operator.
func (v *validator) conditionValue(p place, op policy.Operator, key string) {
	text := p.node.Text
	if strings.Contains(text, "${") {
		if !op.Test.Variables() {
			v.err("INVALID_VARIABLE_FOR_OPERATOR", p, "Policy variables work with text and ARN operators, not with %s.", op.Written)
			return
		}
		if v.variables(p, true) {
			return
		}
	}
	switch op.Test {
	case policy.BoolTest, policy.NullTest:
		if !isBool(text) && !strings.Contains(text, "${") {
			v.add(typeWarning, "TYPE_MISMATCH_BOOLEAN", p, "%q is neither true nor false.", text)
		}
	case policy.NumericEquals, policy.NumericLess, policy.NumericLessEquals, policy.NumericMore, policy.NumericMoreEquals:
		if _, ok := number(text); !ok {
			v.add(typeWarning, "TYPE_MISMATCH_NUMBER", p, "%q is no number.", text)
		}
	case policy.DateEquals, policy.DateLess, policy.DateLessEquals, policy.DateMore, policy.DateMoreEquals:
		if _, ok := Instant(text); !ok {
			if strings.ContainsAny(text, "0123456789") {
				v.add(typeWarning, "INVALID_DATE_VALUE", p, "%q is no date of ISO 8601, nor seconds since 1970.", text)
			} else {
				v.add(typeWarning, "TYPE_MISMATCH_DATE", p, "%q is no date.", text)
			}
		}
	case policy.IPAddress:
		v.ip(p, text)
	case policy.StringEquals, policy.StringEqualsFold:
		if strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(text, "${*}", ""), "${?}", ""), "*?") {
			v.add(typeWarning, "WILDCARD_WITHOUT_LIKE_OPERATOR", p, "With %s a wildcard is a plain character: say StringLike.", op.Written)
		}
	}
	lower := strings.ToLower(key)
	if lower == "aws:sourcevpc" && !strings.HasPrefix(text, "vpc-") && !strings.ContainsAny(text, "*?$") {
		v.err("INVALID_VPC_FORMAT", p, "%q is no id of a VPC.", text)
	}
	if lower == "aws:sourcevpce" && !strings.HasPrefix(text, "vpce-") && !strings.ContainsAny(text, "*?$") {
		v.err("INVALID_VPCE_FORMAT", p, "%q is no id of a VPC endpoint.", text)
	}
	if strings.HasSuffix(lower, ":x-amz-server-side-encryption-aws-kms-key-id") && !strings.HasPrefix(text, "arn:") && !strings.ContainsAny(text, "*?$") {
		v.err("INVALID_KMS_KEY_VALUE", p, "The key is named by its ARN.")
	}
}

func (v *validator) ip(p place, text string) {
	r, ok := prefix(text)
	if !ok {
		v.err("TYPE_MISMATCH_IP_RANGE", p, "%q is neither an address nor a range.", text)
		return
	}
	if exact, err := netip.ParsePrefix(text); err == nil && exact.Addr() != r.Addr() {
		v.add(typeSuggestion, "IMPROVE_IP_RANGE", p, "The range %s begins at %s.", text, r)
	}
}
