package inventory

import "github.com/haetae/haetae"

const repositoryNames = "ecr:DescribeRepositories repositories[].repositoryName"

// ecr holds repositories of container images.
var ecr = []Kind{{
	Type: "AWS::ECR::Repository",
	ARN:  "arn:${Partition}:ecr:${Region}:${Account}:repository/${ID}",
	Calls: []Call{
		{
			Op: "ecr:DescribeRepositories", Lists: true, Member: "repositories[].repositoryArn", Gives: []string{"*"},
			Read: readRepositories,
		}, {
			Op: "ecr:GetRepositoryPolicy", Member: "policyText", Param: "repositoryName", Each: repositoryNames,
			Absent: []string{"RepositoryPolicyNotFoundException"}, Gives: []string{"RepositoryPolicyText"},
			Read: func(a *Answer) []*haetae.Resource {
				return repository(a, map[string]any{"RepositoryPolicyText": policy(a.Body["policyText"])})
			},
		}, {
			Op: "ecr:GetLifecyclePolicy", Member: "lifecyclePolicyText", Param: "repositoryName", Each: repositoryNames,
			Absent: []string{"LifecyclePolicyNotFoundException"}, Gives: []string{"LifecyclePolicy"},
			Read: func(a *Answer) []*haetae.Resource {
				return repository(a, map[string]any{"LifecyclePolicy": take(a.Body, "LifecyclePolicyText=lifecyclePolicyText", "RegistryId=registryId")})
			},
		}, {
			Op: "ecr:ListTagsForResource", Tags: "list", Member: "tags[].Key", Param: "resourceArn", Each: repositoryNames,
			Params: map[string]any{"resourceArn": "arn:${Partition}:ecr:${Region}:${Account}:repository/${Parent}"},
			Gives:  []string{"Tags"}, Read: func(a *Answer) []*haetae.Resource {
				return about(str(a.Body, "resourceArn"), ":repository/", take(a.Body, "Tags=tags"))
			},
		},
	},
}}

func repository(a *Answer, props map[string]any) []*haetae.Resource {
	return []*haetae.Resource{resource(str(a.Body, "repositoryName"), props)}
}

func readRepositories(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("repositories") {
		p := take(x, "RepositoryName=repositoryName", "ImageTagMutability=imageTagMutability",
			"ImageScanningConfiguration.ScanOnPush=imageScanningConfiguration.scanOnPush",
			"EncryptionConfiguration.EncryptionType=encryptionConfiguration.encryptionType",
			"EncryptionConfiguration.KmsKey=encryptionConfiguration.kmsKey")
		filters := []any{}
		for f := range objects(x["imageTagMutabilityExclusionFilters"]) {
			filters = append(filters, take(f, "ImageTagMutabilityExclusionFilterType=filterType", "ImageTagMutabilityExclusionFilterValue=filter"))
		}
		if len(filters) > 0 {
			p["ImageTagMutabilityExclusionFilters"] = filters
		}
		r := resource(str(x, "repositoryName"), p)
		r.ARN = str(x, "repositoryArn")
		r.Observed = take(x, "Arn=repositoryArn", "RepositoryUri=repositoryUri", "RegistryId=registryId", "CreatedAt=createdAt")
		out = append(out, r)
	}
	return out
}
