package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const (
	documentNames = "ssm:ListDocuments DocumentIdentifiers[].Name"
	sharingOff    = "/ssm/documents/console/public-sharing-permission"
)

// ssm holds parameters, documents and managed instances.
var ssm = []Kind{{
	Type: "AWS::SSM::Parameter", Finish: parameterARN,
	Calls: []Call{
		{
			Op: "ssm:DescribeParameters", Lists: true, Member: "Parameters[].Tier", Gives: []string{"*"}, Read: readParameters,
		}, {
			Op: "ssm:ListTagsForResource", Tags: "map", Param: "ResourceId", Each: "ssm:DescribeParameters Parameters[].Name",
			Params: map[string]any{"ResourceType": "Parameter"}, Gives: []string{"Tags"}, Read: func(a *Answer) []*haetae.Resource {
				tags := map[string]any{}
				for t := range a.each("TagList") {
					tags[str(t, "Key")] = t["Value"]
				}
				return []*haetae.Resource{resource(str(a.Body, "ResourceId"), map[string]any{"Tags": tags})}
			},
		},
	},
}, {
	Type: "AWS::SSM::Document",
	ARN:  "arn:${Partition}:ssm:${Region}:${Account}:document/${ID}",
	Calls: []Call{
		{
			// Those of others are not this account's, and are very many.
			Op: "ssm:ListDocuments", Lists: true, Member: "DocumentIdentifiers", Params: map[string]any{"Filters": []any{map[string]any{"Key": "Owner", "Values": []any{"Self"}}}},
			Gives: []string{"*"}, Read: readDocuments,
		}, {
			Op: "ssm:DescribeDocumentPermission", Member: "AccountIds", Param: "Name", Each: documentNames, Params: map[string]any{"PermissionType": "Share"},
			Gives: []string{"Observed.SharedWith"}, Read: func(a *Answer) []*haetae.Resource {
				r := resource(last(str(a.Body, "Name")), nil)
				accounts, _ := a.Body["AccountIds"].([]any)
				r.Observed = map[string]any{"SharedWith": accounts}
				return []*haetae.Resource{r}
			},
		},
	},
}, {
	Type: "AWS::SSM::ManagedInstance",
	ARN:  "arn:${Partition}:ssm:${Region}:${Account}:managed-instance/${ID}",
	Calls: []Call{
		{
			Op: "ssm:DescribeInstanceInformation", Lists: true, Member: "InstanceInformationList", Gives: []string{"*"},
			Read: readManagedInstances,
		}, {
			Op: "ssm:DescribeInstancePatchStates", Member: "InstancePatchStates", Param: "InstanceIds", List: true, Batch: 50,
			Each:  "ssm:DescribeInstanceInformation InstanceInformationList[].InstanceId",
			Gives: []string{"Observed.PatchGroup", "Volatile.PatchCounts", "Volatile.LastPatchOperationTime"}, Read: readPatchStates,
		}, {
			// What it does not name has no patches or associations to comply with.
			Op: "ssm:ListResourceComplianceSummaries", Member: "ResourceComplianceSummaryItems", Joins: true,
			Gives: []string{"Observed.PatchComplianceStatus", "Observed.AssociationComplianceStatus"}, Read: readCompliance,
		},
	},
}}

func readParameters(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Parameters") {
		p := take(x, "Name", "Type", "Description", "AllowedPattern", "Tier", "DataType")
		u := elsewhere("Value", "ssm:GetParameter")
		u.Set = true
		p["Value"] = u
		if texts := pluck(x["Policies"], "PolicyText"); len(texts) > 0 {
			var list []string
			for _, t := range texts {
				if s, ok := t.(string); ok {
					list = append(list, s)
				}
			}
			p["Policies"] = "[" + strings.Join(list, ",") + "]"
		}
		r := resource(str(x, "Name"), p)
		r.ARN = str(x, "ARN")
		r.Observed = take(x, "Arn=ARN", "KeyId", "LastModifiedDate")
		out = append(out, r)
	}
	return out
}

// parameterARN makes the ARN that older answers lack: the slash that a name
// begins with is not there twice.
func parameterARN(r *haetae.Resource) {
	if r.ARN == "" && r.Account != "" && r.Region != "" {
		r.ARN = "arn:" + haetae.Partition(r.Region) + ":ssm:" + r.Region + ":" + r.Account + ":parameter/" + strings.TrimPrefix(r.ID, "/")
	}
}

func readDocuments(a *Answer) (out []*haetae.Resource) {
	for d := range a.each("DocumentIdentifiers") {
		owner := str(d, "Owner")
		if strings.HasPrefix(owner, "Amazon") {
			continue
		}
		p := take(d, "Name", "DocumentFormat", "DocumentType", "TargetType", "VersionName")
		if l, ok := d["Tags"].([]any); ok {
			p["Tags"] = l
		}
		requires := []any{}
		for q := range objects(d["Requires"]) {
			requires = append(requires, take(q, "Name", "Version"))
		}
		if len(requires) > 0 {
			p["Requires"] = requires
		}
		u := elsewhere("Content", "ssm:GetDocument")
		u.Set = true
		p["Content"] = u
		r := resource(last(str(d, "Name")), p)
		r.Observed = take(d, "Owner")
		out = append(out, r)
	}
	return out
}

func readManagedInstances(a *Answer) (out []*haetae.Resource) {
	for i := range a.each("InstanceInformationList") {
		r := resource(str(i, "InstanceId"), nil)
		if strings.HasPrefix(r.ID, "i-") && a.Account != "" && a.Region != "" {
			r.ARN = "arn:" + haetae.Partition(a.Region) + ":ec2:" + a.Region + ":" + a.Account + ":instance/" + r.ID
		}
		r.Observed = take(i, "InstanceId", "PlatformType", "PlatformName", "PlatformVersion", "AgentVersion", "IsLatestVersion", "ResourceType",
			"IPAddress", "ComputerName", "IamRole", "ActivationId", "RegistrationDate")
		r.Volatile = take(i, "PingStatus", "LastPingDateTime", "AssociationStatus", "LastAssociationExecutionDate")
		out = append(out, r)
	}
	return out
}

func readPatchStates(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("InstancePatchStates") {
		r := resource(str(s, "InstanceId"), nil)
		r.Observed = given(s, "PatchGroup")
		r.Volatile = take(s, "LastPatchOperationTime=OperationEndTime", "PatchCounts.Installed=InstalledCount", "PatchCounts.Missing=MissingCount",
			"PatchCounts.Failed=FailedCount", "PatchCounts.InstalledPendingReboot=InstalledPendingRebootCount",
			"PatchCounts.CriticalNonCompliant=CriticalNonCompliantCount", "PatchCounts.SecurityNonCompliant=SecurityNonCompliantCount",
			"PatchCounts.OtherNonCompliant=OtherNonCompliantCount")
		out = append(out, r)
	}
	return out
}

func readCompliance(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("ResourceComplianceSummaryItems") {
		kind := str(s, "ComplianceType")
		if str(s, "ResourceType") != "ManagedInstance" || kind != "Patch" && kind != "Association" {
			continue
		}
		r := resource(str(s, "ResourceId"), nil)
		r.Observed = map[string]any{kind + "ComplianceStatus": s["Status"]}
		out = append(out, r)
	}
	return out
}

// sharingSetting is the setting of a region that says whether documents may be
// shared with everybody.
func sharingSetting() Call {
	return Call{
		Op: "ssm:GetServiceSetting", Member: "ServiceSetting.SettingId=" + sharingOff, Params: map[string]any{"SettingId": sharingOff},
		Gives: []string{"Observed.SsmDocumentPublicSharing"}, Read: func(a *Answer) []*haetae.Resource {
			if str(a.Body, "ServiceSetting.SettingId") != sharingOff {
				return nil
			}
			return observeRegion(a, take(a.Body, "SsmDocumentPublicSharing=ServiceSetting.SettingValue"))
		},
	}
}
