package inventory

import "github.com/haetae/haetae"

// glue holds what runs code with a role: jobs, development endpoints, crawlers.
var glue = []Kind{{
	Type: "AWS::Glue::Job",
	ARN:  "arn:${Partition}:glue:${Region}:${Account}:job/${ID}",
	Calls: []Call{
		{
			Op: "glue:GetJobs", Lists: true, Member: "Jobs[].Command", Gives: []string{"*"}, Read: reading{
				member: "Jobs", id: "Name", props: []string{"Name", "Description", "LogUri", "Role", "ExecutionProperty", "Command", "Connections", "MaxRetries", "AllocatedCapacity",
					"Timeout", "MaxCapacity", "WorkerType", "NumberOfWorkers", "SecurityConfiguration", "NotificationProperty", "GlueVersion", "ExecutionClass",
					"MaintenanceWindow", "JobMode", "JobRunQueuingEnabled"},
				more: func(a *Answer, x map[string]any, r *haetae.Resource) {
					for _, n := range []string{"DefaultArguments", "NonOverridableArguments"} {
						if m := object(x, n); m != nil {
							r.Props[n] = hiddenValues(a, m)
						}
					}
				},
			}.read,
		},
		glueTags("GetJobs Jobs[].Name", "job"),
	},
}, {
	Type: "AWS::Glue::DevEndpoint",
	ARN:  "arn:${Partition}:glue:${Region}:${Account}:devEndpoint/${ID}",
	Calls: []Call{
		{
			Op: "glue:GetDevEndpoints", Lists: true, Member: "DevEndpoints", Gives: []string{"*"}, Read: reading{
				member: "DevEndpoints", id: "EndpointName", props: []string{"EndpointName", "RoleArn", "SecurityGroupIds", "SubnetId", "WorkerType", "GlueVersion", "NumberOfWorkers",
					"NumberOfNodes", "ExtraPythonLibsS3Path", "ExtraJarsS3Path", "PublicKey", "PublicKeys", "SecurityConfiguration"},
				observed: []string{"Status", "VpcId", "PublicAddress", "PrivateAddress", "AvailabilityZone"},
				more: func(a *Answer, x map[string]any, r *haetae.Resource) {
					if m := object(x, "Arguments"); m != nil {
						r.Props["Arguments"] = hiddenValues(a, m)
					}
				},
			}.read,
		},
		glueTags("GetDevEndpoints DevEndpoints[].EndpointName", "devEndpoint"),
	},
}, {
	Type: "AWS::Glue::Crawler",
	ARN:  "arn:${Partition}:glue:${Region}:${Account}:crawler/${ID}",
	Calls: []Call{
		{
			Op: "glue:GetCrawlers", Lists: true, Member: "Crawlers", Gives: []string{"*"}, Read: reading{
				member: "Crawlers", id: "Name", props: []string{"Name", "Role", "Targets", "DatabaseName", "Description", "Classifiers", "RecrawlPolicy", "SchemaChangePolicy",
					"TablePrefix", "Configuration", "CrawlerSecurityConfiguration", "LakeFormationConfiguration", "Schedule.ScheduleExpression=Schedule.ScheduleExpression"},
				observed: []string{"State"}, volatile: []string{"LastCrawlStatus=LastCrawl.Status"}, more: crawlerTargets,
			}.read,
		},
		glueTags("GetCrawlers Crawlers[].Name", "crawler"),
	},
}}

// hiddenValues hides the values of what is given to code, and keeps their names.
func hiddenValues(a *Answer, m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
		if s, ok := v.(string); ok {
			out[k] = a.Secret("argument", s)
		}
	}
	return out
}

// crawlerTargets gives targets CloudFormation's names.
func crawlerTargets(_ *Answer, x map[string]any, r *haetae.Resource) {
	if x["Targets"] == nil {
		return
	}
	targets := without(object(x, "Targets"))
	tables := []any{}
	for t := range objects(targets["DynamoDBTargets"]) {
		tables = append(tables, take(t, "Path", "ScanAll=scanAll", "ScanRate=scanRate"))
	}
	if len(tables) > 0 {
		targets["DynamoDBTargets"] = tables
	}
	r.Props["Targets"] = targets
}

func glueTags(each, kind string) Call {
	return Call{
		Op: "glue:GetTags", Tags: "map", Param: "ResourceArn", Each: "glue:" + each,
		Params: map[string]any{"ResourceArn": "arn:${Partition}:glue:${Region}:${Account}:" + kind + "/${Parent}"}, Gives: []string{"Tags"},
		Read: func(a *Answer) []*haetae.Resource {
			tags := object(a.Body, "Tags")
			if tags == nil {
				tags = map[string]any{}
			}
			return about(str(a.Body, "ResourceArn"), ":"+kind+"/", map[string]any{"Tags": tags})
		},
	}
}
