package detect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/sigma"
)

// Never is a rule that can match no record, and why.
type Never struct {
	Rule *sigma.Rule
	// Log is the log source that nobody reads; "" when its fields are the reason.
	Log string
	// Fields are those that the rule asks for and no record has, sorted.
	Fields []string
	why    string
}

// Error is the place, the rule and the reason in one line.
func (n *Never) Error() string {
	return (&sigma.Error{File: n.Rule.File, Line: n.Rule.Line, Rule: n.Rule.Title, Text: n.why}).Error()
}

// Never are the rules that can match no record, whatever it says: those of a log
// that haetae does not read, and those that need a field that no record of their log
// has. Fields are the fields of a log, "name.*" for whatever is below a name, and nil
// where they are not known: of such a log nothing is said. Rules that cannot be
// compiled are not among them; [New] refuses those.
func (r *Rules) Never(opt sigma.Options, fields func(haetae.Log) []string) []*Never {
	var out []*Never
	for _, rule := range r.sigma.Rules {
		if rule.Pattern != nil {
			continue // is held against all records
		}
		m, err := sigma.Compile(rule, opt)
		if err != nil {
			continue
		}
		k := fieldsFor(rule.LogSource, fields)
		if len(k.logs) == 0 {
			name := SourceName(rule.LogSource)
			out = append(out, &Never{Rule: rule, Log: name, why: fmt.Sprintf("it can never match: haetae reads no log of %s", name)})
			continue
		}
		if m.Never(k.lacks) {
			lost := slices.DeleteFunc(m.Fields(), func(f string) bool { return !k.lacks(f) })
			out = append(out, &Never{Rule: rule, Fields: lost, why: "it can never match: " + k.missing(lost)})
		}
	}
	return out
}

// Unknown says of a rule which fields it asks for that no record of its log has, in a
// sentence; "" when there are none.
func Unknown(m *sigma.Matcher, fields func(haetae.Log) []string) string {
	k := fieldsFor(m.Rule.LogSource, fields)
	lost := slices.DeleteFunc(m.Fields(), func(f string) bool { return !k.lacks(f) })
	if len(lost) == 0 {
		return ""
	}
	return k.missing(lost)
}

// Logs are all logs whose records rules may be about.
func Logs() []haetae.Log {
	return []haetae.Log{haetae.CloudTrail, haetae.VPCFlow, haetae.TransitFlow, haetae.ResolverQuery, haetae.EKSAudit, haetae.S3Access, haetae.ALBAccess,
		haetae.ALBConnection, haetae.NLBAccess, haetae.CLBAccess, haetae.WAF, haetae.RDSAudit, haetae.NetworkFirewall, haetae.GuardDuty, haetae.SecurityHub}
}

// Reads tells whether some log is of a log source.
func Reads(l sigma.LogSource) bool {
	return slices.ContainsFunc(Logs(), func(log haetae.Log) bool { return l.Covers(source(log)) })
}

// SourceName is a log source in one word: "aws/cloudtrail".
func SourceName(l sigma.LogSource) string {
	return strings.Join(slices.DeleteFunc([]string{l.Product, l.Category, l.Service}, func(s string) bool { return s == "" }), "/")
}

// known are the fields that records of some logs can have.
type known struct {
	logs  []string
	names []string
	any   bool // of one of them the fields are not known
}

// fieldsFor are the fields of all logs that a log source is about.
func fieldsFor(l sigma.LogSource, fields func(haetae.Log) []string) *known {
	k := &known{}
	for _, log := range Logs() {
		if !l.Covers(source(log)) {
			continue
		}
		k.logs = append(k.logs, string(log))
		var names []string
		switch log {
		case haetae.VPCFlow, haetae.TransitFlow:
			names = flowFields()
		case haetae.ResolverQuery:
			names = lookupFields()
		default:
			names = fields(log)
		}
		if log == haetae.CloudTrail && names != nil {
			// Rules may name the event of EventBridge that brought a record.
			names = append(slices.Clone(names), "detail.*", "detail-type", "source", "account", "region", "time", "id", "version")
		}
		k.any = k.any || names == nil
		k.names = append(k.names, names...)
	}
	k.names = append(k.names, Fields()...)
	return k
}

// lacks tells whether no record has a field.
func (k *known) lacks(field string) bool {
	return !(k.any && !strings.HasPrefix(field, "haetae.")) && !slices.ContainsFunc(k.names, func(name string) bool { return isField(name, field) })
}

// isField tells whether a field is the one of a name, above it or, if there may be any
// there, below it.
func isField(name, field string) bool {
	if open, ok := strings.CutSuffix(name, ".*"); ok {
		return field == open || strings.HasPrefix(field, open+".") || strings.HasPrefix(open, field+".")
	}
	return field == name || strings.HasPrefix(name, field+".")
}

// missing says that no record has some fields, and which may have been meant.
func (k *known) missing(fields []string) string {
	var list []string
	for _, f := range fields {
		if i := slices.IndexFunc(k.names, func(name string) bool { return strings.EqualFold(name, f) }); i >= 0 {
			f += " (is " + k.names[i] + " meant?)"
		}
		list = append(list, f)
	}
	return fmt.Sprintf("records of %s have no field %s", strings.Join(k.logs, ", "), strings.Join(list, ", "))
}
