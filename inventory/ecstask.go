package inventory

import "github.com/haetae/haetae"

// ecsTasks holds what runs at the moment of the scan, with its interfaces.
var ecsTasks = []Kind{{
	Type: "AWS::ECS::Task", Of: "AWS::ECS::Cluster",
	ARN: "${ID}",
	Calls: []Call{
		{Op: "ecs:ListTasks", Lists: true, Member: "taskArns", Param: "cluster", Each: ecsClusters, Read: arnList("taskArns", false)},
		{
			Op: "ecs:DescribeTasks", Member: "tasks[].taskArn", Param: "tasks", List: true, Batch: 100, Each: "ecs:ListTasks taskArns[]",
			Params: map[string]any{"cluster": "${Grandparent}"}, Gives: []string{"*"}, Read: readTasks,
		},
	},
}}

func readTasks(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("tasks") {
		if t["lastStatus"] == "STOPPED" {
			continue
		}
		r := byARN(str(t, "taskArn"), nil)
		r.Observed = take(t, "TaskArn=taskArn", "ClusterArn=clusterArn", "TaskDefinitionArn=taskDefinitionArn", "Group=group", "StartedBy=startedBy",
			"LaunchType=launchType", "ContainerInstanceArn=containerInstanceArn", "AvailabilityZone=availabilityZone", "EnableExecuteCommand=enableExecuteCommand",
			"StartedAt=startedAt", "PlatformVersion=platformVersion",
			// What a run was given instead of what its definition says.
			"TaskRoleArn=overrides.taskRoleArn", "ExecutionRoleArn=overrides.executionRoleArn")
		r.Observed["NetworkInterfaces"] = taskInterfaces(t)
		images := []any{}
		for c := range objects(t["containers"]) {
			images = append(images, take(c, "Name=name", "Image=image", "ImageDigest=imageDigest", "RuntimeId=runtimeId"))
		}
		r.Observed["Containers"] = images
		r.Volatile = take(t, "LastStatus=lastStatus", "HealthStatus=healthStatus")
		out = append(out, r)
	}
	return out
}

// taskInterfaces returns the interfaces of a task, which are among what is
// attached to it, as names and values.
func taskInterfaces(t map[string]any) []any {
	list := []any{}
	for at := range objects(t["attachments"]) {
		if str(at, "type") != "ElasticNetworkInterface" {
			continue
		}
		facts := map[string]any{}
		for d := range objects(at["details"]) {
			facts[str(d, "name")] = d["value"]
		}
		one := take(facts, "NetworkInterfaceId=networkInterfaceId", "SubnetId=subnetId", "PrivateIpAddress=privateIPv4Address", "Ipv6Address=ipv6Address", "MacAddress=macAddress")
		if s := str(at, "status"); s != "" {
			one["Status"] = s
		}
		list = append(list, one)
	}
	return list
}
