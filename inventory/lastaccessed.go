package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

// lastAccessed is the group of calls that ask when identities last used each
// service. AWS makes a report for each identity, which takes seconds.
const lastAccessed = "last-accessed"

// makeReports is the call that has the reports made; it says nothing itself.
func makeReports() Call {
	c := silent("iam:GenerateServiceLastAccessedDetails", "Arn",
		details+" UserDetailList[].Arn; "+details+" RoleDetailList[].Arn; "+details+" GroupDetailList[].Arn", nil)
	c.Extra = lastAccessed
	return c
}

// readReports is the call for one report, of a kind of identity whose ARNs have
// a certain part: ":user/".
func readReports(part string) Call {
	return Call{
		Op: "iam:GetServiceLastAccessedDetails", Member: "JobStatus", Param: "JobId", Again: "JobStatus=IN_PROGRESS",
		Each: "iam:GenerateServiceLastAccessedDetails JobId", Extra: lastAccessed,
		Gives: []string{"Volatile.ServicesLastAccessed"}, Read: func(a *Answer) []*haetae.Resource {
			// The answer does not say whom it is about; the request for the report did.
			name := str(a.Body, "Arn")
			if !strings.Contains(name, part) {
				return nil
			}
			r := byARN(name, nil)
			r.ID = last(name)
			list := []any{}
			for s := range a.each("ServicesLastAccessed") {
				list = append(list, take(s, "ServiceNamespace", "LastAuthenticated", "LastAuthenticatedEntity", "LastAuthenticatedRegion", "TotalAuthenticatedEntities"))
			}
			r.Volatile = map[string]any{"ServicesLastAccessed": list}
			if str(a.Body, "JobStatus") != "COMPLETED" {
				r.Volatile["ServicesLastAccessed"] = &haetae.Unknown{
					Path: "Volatile.ServicesLastAccessed", Reason: haetae.NotAsked, Actions: []string{"iam:GetServiceLastAccessedDetails"},
					Detail: "AWS did not finish the report",
				}
			}
			return []*haetae.Resource{r}
		},
	}
}
