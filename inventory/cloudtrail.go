package inventory

import (
	"cmp"
	"strings"

	"github.com/haetae/haetae"
)

const trailARNs = "cloudtrail:DescribeTrails trailList[].TrailARN"

// cloudtrail holds trails. A trail of several regions is listed in each of
// them; it is one, in its home region.
var cloudtrail = []Kind{{
	Type: "AWS::CloudTrail::Trail",
	ARN:  "arn:${Partition}:cloudtrail:${Region}:${Account}:trail/${ID}",
	Calls: []Call{
		{Op: "cloudtrail:DescribeTrails", Lists: true, Member: "trailList", Gives: []string{"*"}, Read: readTrails},
		{
			Op: "cloudtrail:GetTrail", Member: "Trail", Param: "Name", Other: true, Gives: []string{"*"},
			Read: func(a *Answer) []*haetae.Resource { return []*haetae.Resource{trailOf(object(a.Body, "Trail"))} },
		}, {
			Op: "cloudtrail:GetTrailStatus", Member: "IsLogging", Param: "Name", Each: trailARNs,
			Gives: []string{"IsLogging", "Volatile.LatestDeliveryTime"}, Read: readTrailStatus,
		}, {
			Op: "cloudtrail:GetEventSelectors", Member: "TrailARN", Param: "TrailName", Each: trailARNs,
			Gives: []string{"EventSelectors", "AdvancedEventSelectors"}, Read: readSelectors,
		}, {
			Op: "cloudtrail:GetInsightSelectors", Member: "InsightSelectors", Param: "TrailName", Each: trailARNs,
			Absent: []string{"InsightNotEnabledException"},
			Gives:  []string{"InsightSelectors"}, Read: readSelectors,
		}, {
			Op: "cloudtrail:ListTags", Member: "ResourceTagList", Param: "ResourceIdList", List: true, Each: trailARNs,
			Gives: []string{"Tags"}, Read: readTrailTags,
		},
	},
}}

// dataStores holds the event data stores of CloudTrail Lake.
var dataStores = []Kind{{
	Type: "AWS::CloudTrail::EventDataStore",
	ARN:  "${ID}",
	Calls: []Call{
		{
			Op: "cloudtrail:ListEventDataStores", Lists: true, Member: "EventDataStores", Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("EventDataStores") {
					out = append(out, byARN(str(x, "EventDataStoreArn"), take(x, "Name")))
				}
				return out
			},
		}, {
			Op: "cloudtrail:GetEventDataStore", Member: "EventDataStoreArn", Param: "EventDataStore", Each: dataStoreARNs,
			Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource {
				x := a.Body
				p := take(x, "Name", "AdvancedEventSelectors", "BillingMode", "FederationRoleArn", "KmsKeyId", "MultiRegionEnabled",
					"OrganizationEnabled", "RetentionPeriod", "TerminationProtectionEnabled")
				if s := str(x, "FederationStatus"); s != "" {
					p["FederationEnabled"] = s == "ENABLED" || s == "ENABLING"
				}
				if s := str(x, "Status"); s != "" {
					p["IngestionEnabled"] = s == "ENABLED" || s == "STARTING_INGESTION"
				}
				p["InsightSelectors"] = elsewhere("InsightSelectors", "cloudtrail:GetInsightSelectors")
				r := byARN(cmp.Or(str(x, "EventDataStoreArn"), str(x, "EventDataStore")), p)
				r.Observed = take(x, "EventDataStoreArn", "Status", "CreatedTimestamp", "UpdatedTimestamp")
				return []*haetae.Resource{r}
			},
		}, {
			Op: "cloudtrail:GetResourcePolicy", Member: "ResourcePolicy", Param: "ResourceArn", Each: dataStoreARNs,
			Absent: []string{"ResourcePolicyNotFoundException"}, Gives: []string{"PolicyDocument"}, Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{byARN(str(a.Body, "ResourceArn"), map[string]any{"PolicyDocument": policy(a.Body["ResourcePolicy"])})}
			},
		}, {
			Op: "cloudtrail:ListTags", Member: "ResourceTagList", Param: "ResourceIdList", List: true, Each: dataStoreARNs,
			Gives: []string{"Tags"}, Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("ResourceTagList") {
					if name := str(x, "ResourceId"); strings.Contains(name, ":eventdatastore/") {
						out = append(out, byARN(name, map[string]any{"Tags": listOf(x["TagsList"])}))
					}
				}
				return out
			},
		},
	},
}}

const dataStoreARNs = "cloudtrail:ListEventDataStores EventDataStores[].EventDataStoreArn"

// trailNamed returns a trail that is named by ARN or by name.
func trailNamed(name string) *haetae.Resource {
	r := resource(last(name), nil)
	if strings.HasPrefix(name, "arn:") {
		r.ARN = name
	}
	return r
}

func trailOf(t map[string]any) *haetae.Resource {
	p := take(t, "TrailName=Name", "S3BucketName", "SnsTopicName", "IncludeGlobalServiceEvents",
		"IsMultiRegionTrail", "IsOrganizationTrail", "EnableLogFileValidation=LogFileValidationEnabled",
		"CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KMSKeyId=KmsKeyId")
	if s := str(t, "S3KeyPrefix"); s != "" {
		p["S3KeyPrefix"] = s
	}
	r := resource(str(t, "Name"), p)
	r.ARN, r.Region = str(t, "TrailARN"), str(t, "HomeRegion")
	r.Observed = take(t, "Arn=TrailARN", "SnsTopicArn=SnsTopicARN", "HomeRegion", "HasCustomEventSelectors", "HasInsightSelectors")
	return r
}

func readTrails(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("trailList") {
		out = append(out, trailOf(t))
	}
	return out
}

func readTrailStatus(a *Answer) []*haetae.Resource {
	r := trailNamed(str(a.Body, "Name"))
	r.Props = take(a.Body, "IsLogging")
	r.Volatile = take(a.Body, "LatestDeliveryError", "LatestDeliveryTime", "LatestCloudWatchLogsDeliveryError",
		"LatestCloudWatchLogsDeliveryTime", "LatestDigestDeliveryError", "LatestDigestDeliveryTime",
		"LatestNotificationError", "LatestNotificationTime", "StartLoggingTime=StartLoggingTime", "StopLoggingTime")
	return []*haetae.Resource{r}
}

func readSelectors(a *Answer) []*haetae.Resource {
	name := str(a.Body, "TrailARN")
	if name == "" {
		name = str(a.Body, "TrailName")
	}
	r := trailNamed(name)
	r.Props = take(a.Body, "EventSelectors", "AdvancedEventSelectors", "InsightSelectors")
	return []*haetae.Resource{r}
}

func readTrailTags(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("ResourceTagList") {
		r := trailNamed(str(t, "ResourceId"))
		r.Props = map[string]any{"Tags": []any{}}
		if l, ok := t["TagsList"].([]any); ok {
			r.Props["Tags"] = l
		}
		out = append(out, r)
	}
	return out
}
