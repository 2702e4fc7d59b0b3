package inventory

import (
	"encoding/json"

	"github.com/haetae/haetae"
)

// aoss holds collections of OpenSearch Serverless. Who may read them, and from
// which networks, stands in policies that name collections by patterns.
var aoss = []Kind{{
	Type: "AWS::OpenSearchServerless::Collection", Name: "Name",
	ARN: "arn:${Partition}:aoss:${Region}:${Account}:collection/${ID}",
	Calls: []Call{
		{
			Op: "opensearchserverless:ListCollections", Actions: []string{"aoss:ListCollections"}, Lists: true, Member: "collectionSummaries", Read: reading{
				member: "collectionSummaries", id: "id", arn: "arn", props: []string{"Name=name"}, observed: []string{"Id=id", "Arn=arn", "Status=status"},
				state: "status", gone: []string{"DELETING"},
			}.read,
		}, {
			Op: "opensearchserverless:BatchGetCollection", Actions: []string{"aoss:BatchGetCollection"}, Member: "collectionDetails", Param: "ids", List: true, Batch: 100,
			Each: "opensearchserverless:ListCollections collectionSummaries[].id", Gives: []string{"*"}, Read: reading{
				member: "collectionDetails", id: "id", arn: "arn", camel: true,
				props: []string{"name", "type", "description", "standbyReplicas", "deletionProtection", "collectionGroupName", "vectorOptions"},
				observed: []string{"Id=id", "Arn=arn", "Status=status", "KmsKeyArn=kmsKeyArn", "CollectionEndpoint=collectionEndpoint",
					"DashboardEndpoint=dashboardEndpoint"},
			}.read,
		}, {
			Op: "opensearchserverless:ListTagsForResource", Actions: []string{"aoss:ListTagsForResource"}, Tags: "list", Param: "resourceArn",
			Each: "opensearchserverless:ListCollections collectionSummaries[].arn", Gives: []string{"Tags"}, Read: func(a *Answer) []*haetae.Resource {
				return about(str(a.Body, "resourceArn"), ":collection/", map[string]any{"Tags": pascal(listOf(a.Body["tags"]))})
			},
		},
	},
}, {
	Type: "AWS::OpenSearchServerless::AccessPolicy",
	Calls: []Call{
		aossList("ListAccessPolicies", "accessPolicySummaries", "data"),
		aossPolicy("GetAccessPolicy", "accessPolicyDetail", "ListAccessPolicies accessPolicySummaries", "data"),
	},
}, {
	Type: "AWS::OpenSearchServerless::SecurityPolicy",
	Calls: []Call{
		aossList("ListSecurityPolicies", "securityPolicySummaries", "network"),
		aossPolicy("GetSecurityPolicy", "securityPolicyDetail", "ListSecurityPolicies securityPolicySummaries", "network"),
		aossList("ListSecurityPolicies", "securityPolicySummaries", "encryption"),
		aossPolicy("GetSecurityPolicy", "securityPolicyDetail", "ListSecurityPolicies securityPolicySummaries", "encryption"),
	},
}}

// aossList is the call that lists the policies of one type.
func aossList(op, member, typ string) Call {
	return Call{
		Op: "opensearchserverless:" + op, Actions: []string{"aoss:" + op}, Lists: true, Member: member, Params: map[string]any{"type": typ},
		Read: reading{member: member, id: "type|name", props: []string{"Type=type", "Name=name", "Description=description"}}.read,
	}
}

// aossPolicy is the call for one policy, which CloudFormation has as text.
func aossPolicy(op, member, from, typ string) Call {
	return Call{
		Op: "opensearchserverless:" + op, Actions: []string{"aoss:" + op}, Member: member + ".policy", Param: "name",
		Each: "opensearchserverless:" + from + "[?type=='" + typ + "'].name", Params: map[string]any{"type": typ}, Gives: []string{"*"},
		Read: func(a *Answer) []*haetae.Resource {
			x := object(a.Body, member)
			p := take(x, "Type=type", "Name=name", "Description=description")
			if x == nil {
				p = map[string]any{"Type": typ, "Name": str(a.Body, "name")}
			}
			if d := x["policy"]; d != nil {
				if text, err := json.Marshal(d); err == nil {
					p["Policy"] = string(text)
				} else {
					p["Policy"] = &haetae.Unknown{Path: "Policy", Reason: haetae.Unreadable, Detail: err.Error(), Set: true}
				}
			}
			return []*haetae.Resource{pair(p, "Type", "Name")}
		},
	}
}
