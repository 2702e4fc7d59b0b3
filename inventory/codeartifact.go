package inventory

import "github.com/haetae/haetae"

const artifactDomains = "codeartifact:ListDomains domains[].name"

// codeArtifact holds domains of packages and their repositories, with who may
// read and publish.
var codeArtifact = []Kind{{
	Type: "AWS::CodeArtifact::Domain",
	ARN:  "${ID}",
	Calls: []Call{
		{
			Op: "codeartifact:ListDomains", Lists: true, Member: "domains[].encryptionKey", Gives: []string{"*"}, Read: reading{
				member: "domains", id: "arn", arn: "arn", account: "owner", props: []string{"DomainName=name", "EncryptionKey=encryptionKey"},
				observed: []string{"Arn=arn", "Name=name", "Owner=owner"}, state: "status", gone: []string{"Deleted"},
			}.read,
		}, {
			Op: "codeartifact:GetDomainPermissionsPolicy", Member: "policy.resourceArn", Param: "domain", Each: artifactDomains, Absent: notFound,
			Gives: []string{"PermissionsPolicyDocument"}, Read: artifactPolicy(func(a *Answer) string { return "domain/" + str(a.Body, "domain") }),
		},
		tagsByARN("codeartifact:ListTagsForResource", "resourceArn", "tags", "codeartifact:ListDomains domains[].arn", ":domain/", true),
	},
}, {
	Type: "AWS::CodeArtifact::Repository", Of: "AWS::CodeArtifact::Domain",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "codeartifact:ListRepositoriesInDomain", Lists: true, Member: "repositories[].administratorAccount", Param: "domain", Each: artifactDomains,
			Gives: []string{"*"}, Read: reading{
				member: "repositories", id: "arn", arn: "arn", account: "administratorAccount",
				props:    []string{"RepositoryName=name", "DomainName=domainName", "DomainOwner=domainOwner", "Description=description"},
				observed: []string{"Arn=arn", "Name=name"}, more: repositorySources,
			}.read,
		}, {
			Op: "codeartifact:GetRepositoryPermissionsPolicy", Member: "policy.document", Param: "repository",
			Each: "codeartifact:ListRepositoriesInDomain repositories[].name", Params: map[string]any{"domain": "${Grandparent}"}, Absent: notFound,
			Gives: []string{"PermissionsPolicyDocument"}, Read: artifactPolicy(func(a *Answer) string {
				return "repository/" + str(a.Body, "domain") + "/" + str(a.Body, "repository")
			}),
		},
		tagsByARN("codeartifact:ListTagsForResource", "resourceArn", "tags", "codeartifact:ListRepositoriesInDomain repositories[].arn", ":repository/", true),
	},
}}

// artifactPolicy reads a policy. The answer names what it is about, and an error
// does not: name makes the end of the ARN of what was asked.
func artifactPolicy(name func(*Answer) string) func(*Answer) []*haetae.Resource {
	return func(a *Answer) []*haetae.Resource {
		if arn := str(a.Body, "policy.resourceArn"); arn != "" {
			return []*haetae.Resource{byARN(arn, map[string]any{"PermissionsPolicyDocument": policy(get(a.Body, "policy.document"))})}
		}
		if a.Account == "" || a.Region == "" {
			return nil
		}
		return []*haetae.Resource{byARN("arn:"+haetae.Partition(a.Region)+":codeartifact:"+a.Region+":"+a.Account+":"+name(a), nil)}
	}
}

// repositorySources says that only a description of the repository has from
// where it takes packages.
func repositorySources(_ *Answer, _ map[string]any, r *haetae.Resource) {
	for _, n := range []string{"ExternalConnections", "Upstreams"} {
		r.Props[n] = elsewhere(n, "codeartifact:DescribeRepository")
	}
}
