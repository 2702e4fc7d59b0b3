package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const (
	tableNames = "dynamodb:ListTables TableNames[]"
	tableARN   = "arn:${Partition}:dynamodb:${Region}:${Account}:table/${Parent}"
)

// dynamodb holds tables.
var dynamodb = []Kind{{
	Type: "AWS::DynamoDB::Table",
	ARN:  "arn:${Partition}:dynamodb:${Region}:${Account}:table/${ID}",
	Calls: []Call{
		{Op: "dynamodb:ListTables", Lists: true, Member: "TableNames", Read: readTableNames},
		{
			Op: "dynamodb:DescribeTable", Member: "Table.TableName", Param: "TableName", Each: tableNames,
			Gives: []string{"*"}, Read: readTable,
		}, {
			Op: "dynamodb:DescribeContinuousBackups", Member: "ContinuousBackupsDescription", Param: "TableName", Each: tableNames,
			Gives: []string{"PointInTimeRecoverySpecification"}, Read: readContinuousBackups,
		}, {
			Op: "dynamodb:DescribeTimeToLive", Member: "TimeToLiveDescription", Param: "TableName", Each: tableNames,
			Gives: []string{"TimeToLiveSpecification"}, Read: readTimeToLive,
		}, {
			Op: "dynamodb:DescribeContributorInsights", Extra: extraDetails, Member: "ContributorInsightsStatus", Param: "TableName", Each: tableNames,
			Gives: []string{"ContributorInsightsSpecification"}, Read: readContributorInsights,
		}, {
			Op: "dynamodb:DescribeKinesisStreamingDestination", Extra: extraDetails, Member: "KinesisDataStreamDestinations", Param: "TableName", Each: tableNames,
			Gives: []string{"KinesisStreamSpecification"}, Read: readStreamingDestination,
		}, {
			Op: "dynamodb:GetResourcePolicy", Member: "Policy", Param: "ResourceArn", Each: tableNames,
			Params: map[string]any{"ResourceArn": tableARN}, Absent: []string{"PolicyNotFoundException"},
			Gives: []string{"ResourcePolicy"}, Read: func(a *Answer) []*haetae.Resource {
				return table(str(a.Body, "ResourceArn"), map[string]any{
					"ResourcePolicy": map[string]any{"PolicyDocument": policy(a.Body["Policy"])},
				})
			},
		}, {
			Op: "dynamodb:GetResourcePolicy", Member: "Policy", Param: "ResourceArn", Each: "dynamodb:DescribeTable Table.LatestStreamArn",
			Absent: []string{"PolicyNotFoundException"}, Gives: []string{"Observed.StreamPolicy"}, Read: readStreamPolicy,
		}, {
			Op: "dynamodb:ListTagsOfResource", Tags: "list", Member: "Tags[].Key", Param: "ResourceArn", Each: tableNames,
			Params: map[string]any{"ResourceArn": tableARN}, Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				return table(str(a.Body, "ResourceArn"), take(a.Body, "Tags"))
			},
		},
	},
}}

// table returns a table that may be named by name or by ARN. Below a table's ARN
// are those of its streams and indexes, which are something else.
func table(name string, props map[string]any) []*haetae.Resource {
	if _, n, ok := strings.Cut(name, ":table/"); ok && strings.Contains(n, "/") {
		return nil
	}
	return about(name, ":table/", props)
}

// tableProps returns the table that the request named.
func tableProps(a *Answer, props map[string]any) []*haetae.Resource {
	return table(str(a.Body, "TableName"), props)
}

func readTableNames(a *Answer) (out []*haetae.Resource) {
	for n := range texts(a.Body["TableNames"]) {
		out = append(out, resource(n, map[string]any{"TableName": n}))
	}
	return out
}

func readTable(a *Answer) []*haetae.Resource {
	t := object(a.Body, "Table")
	p := take(t, "TableName", "AttributeDefinitions", "KeySchema", "DeletionProtectionEnabled", "TableClass=TableClassSummary.TableClass",
		"OnDemandThroughput", "BillingMode=BillingModeSummary.BillingMode",
		"WarmThroughput.ReadUnitsPerSecond=WarmThroughput.ReadUnitsPerSecond", "WarmThroughput.WriteUnitsPerSecond=WarmThroughput.WriteUnitsPerSecond")
	if p["BillingMode"] == nil {
		p["BillingMode"] = "PROVISIONED" // the summary is there once a table was on demand
	}
	if p["BillingMode"] == "PROVISIONED" {
		p["ProvisionedThroughput"] = take(object(t, "ProvisionedThroughput"), "ReadCapacityUnits", "WriteCapacityUnits")
	}
	if s := object(t, "StreamSpecification"); s["StreamEnabled"] == true {
		p["StreamSpecification"] = take(s, "StreamViewType")
	}
	if s := object(t, "SSEDescription"); s != nil {
		sse := take(s, "SSEType", "KMSMasterKeyId=KMSMasterKeyArn")
		switch s["Status"] {
		case "ENABLED", "ENABLING", "UPDATING":
			sse["SSEEnabled"] = true
		case "DISABLED", "DISABLING":
			sse["SSEEnabled"] = false
		}
		p["SSESpecification"] = sse
	} else {
		// No description means that DynamoDB's own key encrypts the table.
		p["SSESpecification"] = map[string]any{"SSEEnabled": false}
	}
	for _, kind := range []string{"GlobalSecondaryIndexes", "LocalSecondaryIndexes"} {
		list := []any{}
		for x := range objects(t[kind]) {
			i := take(x, "IndexName", "KeySchema", "Projection")
			if kind == "GlobalSecondaryIndexes" {
				i = take(x, "IndexName", "KeySchema", "Projection", "OnDemandThroughput",
					"WarmThroughput.ReadUnitsPerSecond=WarmThroughput.ReadUnitsPerSecond", "WarmThroughput.WriteUnitsPerSecond=WarmThroughput.WriteUnitsPerSecond")
				if p["BillingMode"] == "PROVISIONED" {
					i["ProvisionedThroughput"] = take(object(x, "ProvisionedThroughput"), "ReadCapacityUnits", "WriteCapacityUnits")
				}
			}
			list = append(list, i)
		}
		if len(list) > 0 {
			p[kind] = list
		}
	}
	r := resource(str(t, "TableName"), p)
	r.ARN = str(t, "TableArn")
	r.Observed = take(t, "Arn=TableArn", "StreamArn=LatestStreamArn", "TableStatus", "CreationDateTime",
		"SSEDescription.Status=SSEDescription.Status", "SSEDescription.SSEType=SSEDescription.SSEType",
		"SSEDescription.KMSMasterKeyArn=SSEDescription.KMSMasterKeyArn")
	if r.Observed["StreamArn"] == nil {
		r.Observed["StreamPolicy"] = nil // there is no stream to have one
	}
	r.Volatile = take(t, "ItemCount", "TableSizeBytes")
	return []*haetae.Resource{r}
}

// readStreamPolicy reads the policy of a table's stream, whose ARN is below that
// of the table.
func readStreamPolicy(a *Answer) []*haetae.Resource {
	arn, _, ok := strings.Cut(str(a.Body, "ResourceArn"), "/stream/")
	if !ok {
		return nil // of a table
	}
	rs := about(arn, ":table/", nil)
	for _, r := range rs {
		if d := a.Body["Policy"]; d != nil {
			r.Observed = map[string]any{"StreamPolicy": policy(d)}
		}
	}
	return rs
}

func readContinuousBackups(a *Answer) []*haetae.Resource {
	d := object(a.Body, "ContinuousBackupsDescription.PointInTimeRecoveryDescription")
	if d == nil {
		return nil
	}
	s := take(d, "RecoveryPeriodInDays")
	s["PointInTimeRecoveryEnabled"] = d["PointInTimeRecoveryStatus"] == "ENABLED"
	return tableProps(a, map[string]any{"PointInTimeRecoverySpecification": s})
}

func readTimeToLive(a *Answer) []*haetae.Resource {
	d := object(a.Body, "TimeToLiveDescription")
	s := take(d, "AttributeName")
	s["Enabled"] = d["TimeToLiveStatus"] == "ENABLED" || d["TimeToLiveStatus"] == "ENABLING"
	return tableProps(a, map[string]any{"TimeToLiveSpecification": s})
}

func readContributorInsights(a *Answer) []*haetae.Resource {
	if str(a.Body, "IndexName") != "" {
		return nil // an index has a setting of its own
	}
	s := take(a.Body, "Mode=ContributorInsightsMode")
	status := str(a.Body, "ContributorInsightsStatus")
	s["Enabled"] = status == "ENABLED" || status == "ENABLING"
	return tableProps(a, map[string]any{"ContributorInsightsSpecification": s})
}

func readStreamingDestination(a *Answer) []*haetae.Resource {
	for d := range a.each("KinesisDataStreamDestinations") {
		if s := str(d, "DestinationStatus"); s == "ACTIVE" || s == "ENABLING" || s == "UPDATING" {
			return tableProps(a, map[string]any{"KinesisStreamSpecification": take(d, "StreamArn", "ApproximateCreationDateTimePrecision")})
		}
	}
	return tableProps(a, nil)
}
