package inventory

import (
	"net/url"

	"github.com/haetae/haetae"
)

// codebuild holds build projects.
var codebuild = []Kind{{
	Type: "AWS::CodeBuild::Project",
	ARN:  "arn:${Partition}:codebuild:${Region}:${Account}:project/${ID}",
	Calls: []Call{
		{
			Op: "codebuild:ListProjects", Lists: true, Member: "projects", Read: func(a *Answer) (out []*haetae.Resource) {
				for n := range texts(a.Body["projects"]) {
					out = append(out, resource(n, map[string]any{"Name": n}))
				}
				return out
			},
		}, {
			Op: "codebuild:BatchGetProjects", Member: "projects[].arn", Param: "names", List: true, Batch: 100,
			Each:  "codebuild:ListProjects projects[]",
			Gives: []string{"*"}, Read: readProjects,
		},
	},
}}

func readProjects(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("projects") {
		p := pascalObject(take(x, "name", "description", "source", "secondarySources", "sourceVersion", "secondarySourceVersions", "artifacts",
			"secondaryArtifacts", "cache", "environment", "serviceRole", "timeoutInMinutes", "queuedTimeoutInMinutes", "encryptionKey",
			"tags", "vpcConfig", "logsConfig", "fileSystemLocations", "buildBatchConfig", "concurrentBuildLimit",
			"resourceAccessRole", "autoRetryLimit", "BadgeEnabled=badge.badgeEnabled", "Visibility=projectVisibility"))
		sources := []any{p["Source"]}
		if more, ok := p["SecondarySources"].([]any); ok {
			sources = append(sources, more...)
		}
		for s := range objects(sources) {
			rename(s, "BuildSpec=Buildspec")
			if u := str(s, "Location"); u != "" {
				s["Location"] = withoutUser(u)
			}
		}
		artifacts := []any{p["Artifacts"], get(p, "LogsConfig.S3Logs")}
		if more, ok := p["SecondaryArtifacts"].([]any); ok {
			artifacts = append(artifacts, more...)
		}
		for f := range objects(artifacts) {
			delete(f, "BucketOwnerAccess") // CloudFormation lacks it
		}
		for v := range objects(get(p, "Environment.EnvironmentVariables")) {
			// The other types hold the name of a parameter or a secret.
			if s, ok := v["Value"].(string); ok && (v["Type"] == nil || v["Type"] == "PLAINTEXT") {
				v["Value"] = a.Secret("environment", s)
			}
		}
		if e := object(p, "Environment.DockerServer"); e != nil {
			delete(e, "Status")
		}
		if w := object(x, "webhook"); w != nil {
			t := pascalObject(take(w, "buildType", "filterGroups", "scopeConfiguration", "pullRequestBuildPolicy"))
			t["Webhook"] = true
			p["Triggers"] = t
		}
		r := resource(str(x, "name"), p)
		r.ARN = str(x, "arn")
		r.Observed = take(x, "Arn=arn", "Id=name", "ProjectVisibility=projectVisibility", "Created=created")
		r.Observed["SourceCredentials"] = elsewhere("Observed.SourceCredentials", "codebuild:ListSourceCredentials")
		out = append(out, r)
	}
	return out
}

// withoutUser hides the user name and the password in an address, and leaves it
// to be seen that they are there.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	if _, ok := u.User.Password(); ok {
		u.User = url.UserPassword("redacted", "redacted")
	} else {
		u.User = url.User("redacted")
	}
	return u.String()
}
