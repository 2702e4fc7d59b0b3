package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const (
	zoneIDs = "route53:ListHostedZones HostedZones[].Id"
	// zonePath is where the name with "/hostedzone/" before it stays until all
	// answers have found their zone.
	zonePath = "zonePath"
)

// route53 holds hosted zones and their records.
var route53 = []Kind{{
	Type: "AWS::Route53::HostedZone", Global: true, Name: zonePath, Finish: finishZone,
	ARN: "arn:${Partition}:route53:::hostedzone/${ID}",
	Calls: []Call{
		{
			Op: "route53:ListHostedZones", Lists: true, Member: "HostedZones", Gives: []string{"*"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for z := range a.each("HostedZones") {
					out = append(out, hostedZone(z))
				}
				return out
			},
		}, {
			Op: "route53:GetHostedZone", Member: "HostedZone.Id", Param: "Id", Each: zoneIDs, Gives: []string{"*", "VPCs", "Observed.NameServers"},
			Read: func(a *Answer) []*haetae.Resource {
				r := hostedZone(object(a.Body, "HostedZone"))
				vpcs := []any{}
				for v := range a.each("VPCs") {
					vpcs = append(vpcs, take(v, "VPCId", "VPCRegion"))
				}
				r.Props["VPCs"] = vpcs
				if s := get(a.Body, "DelegationSet.NameServers"); s != nil {
					r.Observed["NameServers"] = s
				}
				return []*haetae.Resource{r}
			},
		}, {
			Op: "route53:ListQueryLoggingConfigs", Member: "QueryLoggingConfigs", Gives: []string{"QueryLoggingConfig"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for c := range a.each("QueryLoggingConfigs") {
					out = append(out, resource(zoneID(str(c, "HostedZoneId")), map[string]any{"QueryLoggingConfig": take(c, "CloudWatchLogsLogGroupArn")}))
				}
				return out
			},
		}, {
			Op: "route53:ListTagsForResource", Member: "ResourceTagSet", Param: "ResourceId", Each: zoneIDs,
			// The ID has a path before it, which this call does not take.
			Params: map[string]any{"ResourceType": "hostedzone", "ResourceId": "${Parent.Last}"}, Gives: []string{"HostedZoneTags"},
			Read: func(a *Answer) []*haetae.Resource { return zoneTags(object(a.Body, "ResourceTagSet")) },
		}, {
			Op: "route53:ListTagsForResources", Member: "ResourceTagSets", Joins: true, Param: "ResourceIds", List: true, Batch: 10, Other: true, Gives: []string{"HostedZoneTags"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for s := range a.each("ResourceTagSets") {
					out = append(out, zoneTags(s)...)
				}
				return out
			},
		},
	},
}, {
	Type: "AWS::Route53::RecordSet", Global: true, Of: "AWS::Route53::HostedZone",
	Calls: []Call{{
		Op: "route53:ListResourceRecordSets", Lists: true, Member: "ResourceRecordSets", Param: "HostedZoneId", Each: zoneIDs,
		Gives: []string{"*"}, Read: readRecordSets,
	}},
}}

func zoneID(s string) string { return strings.TrimPrefix(s, "/hostedzone/") }

func hostedZone(z map[string]any) *haetae.Resource {
	id := zoneID(str(z, "Id"))
	p := take(z, "Name", "HostedZoneFeatures.EnableAcceleratedRecovery=Features.EnableAcceleratedRecovery")
	if c := str(z, "Config.Comment"); c != "" {
		p["HostedZoneConfig"] = map[string]any{"Comment": c}
	}
	p[zonePath] = "/hostedzone/" + id
	r := resource(id, p)
	r.Observed = take(z, "PrivateZone=Config.PrivateZone", "ResourceRecordSetCount")
	r.Observed["Id"] = id
	return r
}

func zoneTags(s map[string]any) []*haetae.Resource {
	if t := str(s, "ResourceType"); t != "" && t != "hostedzone" {
		return nil
	}
	tags, _ := s["Tags"].([]any)
	return []*haetae.Resource{resource(zoneID(str(s, "ResourceId")), map[string]any{"HostedZoneTags": tags})}
}

func finishZone(r *haetae.Resource) {
	delete(r.Props, zonePath)
	if r.Observed["PrivateZone"] == false {
		delete(r.Props, "VPCs") // no call needs to say that a public zone has none
	}
	tagsIn("HostedZoneTags")(r)
}

func readRecordSets(a *Answer) (out []*haetae.Resource) {
	zone := zoneID(last(str(a.Body, "HostedZoneId")))
	for s := range a.each("ResourceRecordSets") {
		p := take(s, "Name", "Type", "TTL", "SetIdentifier", "Weight", "Region", "Failover", "GeoLocation", "HealthCheckId", "MultiValueAnswer",
			"AliasTarget", "CidrRoutingConfig")
		texted(p, "TTL")
		if l := pluck(s["ResourceRecords"], "Value"); len(l) > 0 {
			p["ResourceRecords"] = l
		}
		id := joined(str(p, "Name"), zone, str(p, "Type"))
		if zone == "" {
			id = ""
		} else {
			p["HostedZoneId"] = zone
		}
		if set := str(p, "SetIdentifier"); set != "" && id != "" {
			id += "|" + set
		}
		out = append(out, resource(id, p))
	}
	return out
}
