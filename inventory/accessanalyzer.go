package inventory

import (
	"maps"
	"slices"
	"strconv"

	"github.com/haetae/haetae"
)

// accessanalyzer holds what looks for access from outside and for unused access.
var accessanalyzer = []Kind{{
	Type: "AWS::AccessAnalyzer::Analyzer", Name: "AnalyzerName",
	ARN: "${ID}",
	Calls: []Call{{
		Op: "accessanalyzer:ListAnalyzers", Actions: analyzerActions(), Lists: true, Member: "analyzers", Gives: []string{"*"},
		Read: readAnalyzers,
	}, {
		Op: "accessanalyzer:ListArchiveRules", Actions: []string{"access-analyzer:ListArchiveRules"}, Member: "archiveRules",
		Param: "analyzerName", Each: "accessanalyzer:ListAnalyzers analyzers[].name", Gives: []string{"ArchiveRules"}, Read: readArchiveRules,
	}},
}}

func analyzerActions() []string { return []string{"access-analyzer:ListAnalyzers"} }

func readAnalyzers(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("analyzers") {
		p := take(x, "AnalyzerName=name", "Type=type")
		if u := object(x, "configuration.unusedAccess"); u != nil {
			c := take(u, "UnusedAccessAge=unusedAccessAge")
			if list := criteria(get(u, "analysisRule.exclusions")); len(list) > 0 {
				set(c, "AnalysisRule.Exclusions", list)
			}
			set(p, "AnalyzerConfiguration.UnusedAccessConfiguration", c)
		}
		if i := object(x, "configuration.internalAccess"); i != nil {
			set(p, "AnalyzerConfiguration.InternalAccessConfiguration.InternalAccessAnalysisRule.Inclusions", criteria(get(i, "analysisRule.inclusions")))
		}
		p["Tags"] = tagList(object(x, "tags"))
		r := resource(str(x, "arn"), p)
		r.ARN = r.ID
		r.Observed = take(x, "Arn=arn", "Status=status", "CreatedAt=createdAt")
		out = append(out, r)
	}
	return out
}

// readArchiveRules reads which findings are put away without being looked at.
func readArchiveRules(a *Answer) []*haetae.Resource {
	list := []any{}
	for x := range a.each("archiveRules") {
		filters := []any{}
		conditions := object(x, "filter")
		for _, name := range slices.Sorted(maps.Keys(conditions)) {
			f := map[string]any{"Property": name}
			for k, v := range pascalObject(conditions[name]) {
				f[k] = v
			}
			if v, ok := f["Exists"].(bool); ok {
				f["Exists"] = strconv.FormatBool(v) // a text in CloudFormation
			}
			filters = append(filters, f)
		}
		list = append(list, map[string]any{"RuleName": x["ruleName"], "Filter": filters})
	}
	return []*haetae.Resource{resource(str(a.Body, "analyzerName"), map[string]any{"ArchiveRules": list})}
}

func criteria(v any) []any {
	list := []any{}
	for x := range objects(v) {
		m := take(x, "AccountIds=accountIds", "ResourceTypes=resourceTypes", "ResourceArns=resourceArns")
		tags := []any{}
		sets, _ := x["resourceTags"].([]any)
		for _, s := range sets {
			if t, ok := s.(map[string]any); ok {
				tags = append(tags, tagList(t))
			}
		}
		if len(tags) > 0 {
			m["ResourceTags"] = tags
		}
		list = append(list, m)
	}
	return list
}

// analyzersSetting is the call that puts the analyzers of a region among its
// settings.
func analyzersSetting() Call {
	return Call{
		Op: "accessanalyzer:ListAnalyzers", Actions: analyzerActions(), Member: "analyzers", Joins: true, Gives: []string{"Observed.AccessAnalyzers"},
		Read: func(a *Answer) []*haetae.Resource {
			list := []any{}
			for x := range a.each("analyzers") {
				list = append(list, take(x, "Arn=arn", "Name=name", "Type=type", "Status=status"))
			}
			return observeRegion(a, map[string]any{"AccessAnalyzers": list})
		},
	}
}
