package inventory

import "github.com/haetae/haetae"

const studioDomains = "sagemaker:ListDomains Domains[].DomainId"

// studio holds domains of SageMaker Studio and who works in them, each with a
// role.
var studio = []Kind{{
	Type: "AWS::SageMaker::Domain", Name: "DomainName",
	ARN: "arn:${Partition}:sagemaker:${Region}:${Account}:domain/${ID}",
	Calls: []Call{
		{
			Op: "sagemaker:ListDomains", Lists: true, Member: "Domains[].DomainId", Read: reading{
				member: "Domains", id: "DomainId", arn: "DomainArn", props: []string{"DomainName"}, observed: []string{"DomainArn", "DomainId", "Url", "Status"},
				state: "Status", gone: []string{"Deleting"},
			}.read,
		}, {
			Op: "sagemaker:DescribeDomain", Member: "DomainArn", Param: "DomainId", Each: studioDomains, Gives: []string{"*"}, Read: reading{
				id: "DomainId", arn: "DomainArn", props: []string{"DomainName", "AuthMode", "DefaultUserSettings", "DefaultSpaceSettings", "DomainSettings", "KmsKeyId", "SubnetIds",
					"VpcId", "AppNetworkAccessType", "AppSecurityGroupManagement", "TagPropagation"},
				observed: []string{"DomainArn", "DomainId", "Url", "Status", "HomeEfsFileSystemId", "SecurityGroupIdForDomainBoundary", "SingleSignOnApplicationArn"},
			}.read,
		},
		tagsByARN("sagemaker:ListTags", "ResourceArn", "Tags", "sagemaker:ListDomains Domains[].DomainArn", ":domain/", false),
	},
}, {
	Type: "AWS::SageMaker::UserProfile", Of: "AWS::SageMaker::Domain",
	Calls: []Call{
		{
			Op: "sagemaker:ListUserProfiles", Lists: true, Member: "UserProfiles", Param: "DomainIdEquals", Each: studioDomains, Read: reading{
				member: "UserProfiles", id: "UserProfileName|DomainId", props: []string{"UserProfileName", "DomainId"}, state: "Status", gone: []string{"Deleting"},
			}.read,
		}, {
			Op: "sagemaker:DescribeUserProfile", Member: "UserProfileArn", Param: "UserProfileName", Each: "sagemaker:ListUserProfiles UserProfiles[].UserProfileName",
			Params: map[string]any{"DomainId": "${Grandparent}"}, Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource {
				p := take(a.Body, "UserProfileName", "DomainId", "SingleSignOnUserIdentifier", "SingleSignOnUserValue", "UserSettings")
				if p["DomainId"] == nil {
					p["DomainId"] = str(a.Body, "DomainIdEquals") // as the request names it
				}
				p["Tags"] = elsewhere("Tags", "sagemaker:ListTags")
				r := pair(p, "UserProfileName", "DomainId")
				r.ARN = str(a.Body, "UserProfileArn")
				r.Observed = take(a.Body, "UserProfileArn", "Status")
				return []*haetae.Resource{r}
			},
		},
	},
}}
