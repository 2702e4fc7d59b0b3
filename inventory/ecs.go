package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const ecsClusters = "ecs:ListClusters clusterArns[]"

// ecsData are members whose keys belong to the user.
var ecsData = []string{"dockerLabels", "options", "driverOpts", "labels"}

// ecs holds clusters, services and task definitions. A service's ID is its ARN,
// in which the cluster is named.
var ecs = []Kind{{
	Type: "AWS::ECS::Cluster",
	ARN:  "arn:${Partition}:ecs:${Region}:${Account}:cluster/${ID}",
	Calls: []Call{
		{Op: "ecs:ListClusters", Lists: true, Member: "clusterArns", Read: arnList("clusterArns", true)},
		{
			Op: "ecs:DescribeClusters", Member: "clusters[].clusterArn", Param: "clusters", Each: ecsClusters,
			List: true, Batch: 100, Params: map[string]any{"include": []any{"SETTINGS", "CONFIGURATIONS", "TAGS"}}, Gives: []string{"*"}, Read: readECSClusters,
		},
	},
}, {
	Type: "AWS::ECS::Service", Of: "AWS::ECS::Cluster",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "ecs:ListServices", Lists: true, Member: "serviceArns", Param: "cluster", Each: ecsClusters,
			Read: arnList("serviceArns", false),
		}, {
			Op: "ecs:DescribeServices", Member: "services[].serviceArn", Param: "services", List: true, Batch: 10,
			Each: "ecs:ListServices serviceArns[]", Params: map[string]any{"cluster": "${Grandparent}", "include": []any{"TAGS"}},
			Gives: []string{"*"}, Read: readECSServices,
		},
	},
}, {
	// There are many more task definitions than are in use: each deployment
	// leaves one behind.
	Type: "AWS::ECS::TaskDefinition", Of: "AWS::ECS::Service",
	ARN: "${ID}",
	Calls: []Call{
		{Op: "ecs:ListTaskDefinitions", Lists: true, Other: true, Member: "taskDefinitionArns", Read: arnList("taskDefinitionArns", false)},
		silent("ecs:ListTasks", "cluster", ecsClusters, nil),
		silentBatch("ecs:DescribeTasks", "tasks", 100, "ecs:ListTasks taskArns[]", map[string]any{"cluster": "${Grandparent}"}),
		{
			Op: "ecs:DescribeTaskDefinition", Member: "taskDefinition.taskDefinitionArn", Param: "taskDefinition",
			Each: "ecs:DescribeServices services[].taskDefinition; ecs:DescribeTasks tasks[].taskDefinitionArn",
			Only: "the task definitions that services and running tasks use", Params: map[string]any{"include": []any{"TAGS"}}, Gives: []string{"*"},
			Read: readTaskDefinition,
		},
	},
}}

// arnList reads a list of ARNs; with named, the ID is the last part of each.
func arnList(member string, named bool) func(*Answer) []*haetae.Resource {
	return func(a *Answer) (out []*haetae.Resource) {
		for s := range texts(a.Body[member]) {
			r := resource(s, nil)
			r.ARN = s
			if named {
				r.ID = last(s)
			}
			out = append(out, r)
		}
		return out
	}
}

func readECSClusters(a *Answer) (out []*haetae.Resource) {
	for c := range a.each("clusters") {
		if c["status"] == "INACTIVE" {
			continue // deleted
		}
		p := pascalObject(take(c, "clusterName", "settings", "capacityProviders", "defaultCapacityProviderStrategy",
			"serviceConnectDefaults.namespace=serviceConnectDefaults.namespace",
			"configuration.executeCommandConfiguration=configuration.executeCommandConfiguration",
			"configuration.managedStorageConfiguration=configuration.managedStorageConfiguration", "tags"))
		rename(p, "ClusterSettings=Settings")
		r := resource(str(c, "clusterName"), p)
		r.ARN = str(c, "clusterArn")
		r.Observed = take(c, "Arn=clusterArn", "Status=status")
		r.Volatile = take(c, "RunningTasksCount=runningTasksCount", "RegisteredContainerInstancesCount=registeredContainerInstancesCount")
		out = append(out, r)
	}
	return out
}

func readECSServices(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("services") {
		if s["status"] == "INACTIVE" {
			continue // deleted
		}
		p := pascalObject(take(s, "serviceName", "clusterArn", "taskDefinition", "desiredCount", "launchType", "platformVersion",
			"capacityProviderStrategy", "deploymentConfiguration", "deploymentController", "enableECSManagedTags",
			"enableExecuteCommand", "healthCheckGracePeriodSeconds", "loadBalancers", "networkConfiguration",
			"placementConstraints", "placementStrategy", "propagateTags", "schedulingStrategy", "serviceRegistries",
			"availabilityZoneRebalancing", "tags"), ecsData...)
		rename(p, "Cluster=ClusterArn", "PlacementStrategies=PlacementStrategy")
		if role := str(s, "roleArn"); role != "" {
			p["Role"] = role
		}
		// What tasks run with is told by the deployment in force.
		for d := range objects(s["deployments"]) {
			if d["status"] != "PRIMARY" {
				continue
			}
			for k, v := range pascalObject(take(d, "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"), ecsData...) {
				p[k] = v
			}
		}
		r := resource(str(s, "serviceArn"), p)
		r.ARN = r.ID
		r.Observed = take(s, "ServiceArn=serviceArn", "Name=serviceName", "PlatformFamily=platformFamily", "Status=status")
		r.Volatile = take(s, "RunningCount=runningCount")
		out = append(out, r)
	}
	return out
}

func readTaskDefinition(a *Answer) []*haetae.Resource {
	t := object(a.Body, "taskDefinition")
	p := pascalObject(take(t, "family", "cpu", "memory", "networkMode", "pidMode", "ipcMode", "taskRoleArn", "executionRoleArn",
		"requiresCompatibilities", "runtimePlatform", "ephemeralStorage", "enableFaultInjection", "inferenceAccelerators",
		"placementConstraints", "proxyConfiguration", "containerDefinitions"), ecsData...)
	if m := object(p, "ProxyConfiguration"); m != nil {
		rename(m, "ProxyConfigurationProperties=Properties")
	}
	for c := range objects(p["ContainerDefinitions"]) {
		redactContainer(a, c)
	}
	volumes := []any{}
	for v := range objects(pascal(t["volumes"], ecsData...)) {
		rename(v, "EFSVolumeConfiguration=EfsVolumeConfiguration", "FSxWindowsFileServerVolumeConfiguration=FsxWindowsFileServerVolumeConfiguration")
		if e := object(v, "EFSVolumeConfiguration"); e != nil {
			rename(e, "FilesystemId=FileSystemId")
			if auth := object(e, "AuthorizationConfig"); auth != nil {
				rename(auth, "IAM=Iam")
			}
		}
		volumes = append(volumes, v)
	}
	p["Volumes"] = volumes
	p["Tags"] = []any{}
	if tags, ok := pascal(a.Body["tags"]).([]any); ok {
		p["Tags"] = tags
	}
	r := resource(str(t, "taskDefinitionArn"), p)
	r.ARN = r.ID
	r.Observed = take(t, "TaskDefinitionArn=taskDefinitionArn", "Status=status", "Revision=revision", "RegisteredAt=registeredAt")
	return []*haetae.Resource{r}
}

// redactContainer hides the values of a container's environment and what a log
// driver signs in with.
func redactContainer(a *Answer, c map[string]any) {
	for e := range objects(c["Environment"]) {
		if s, ok := e["Value"].(string); ok {
			e["Value"] = a.Secret("environment", s)
		}
	}
	options := object(c, "LogConfiguration.Options")
	if options == nil {
		return
	}
	hidden := map[string]any{}
	for k, v := range options {
		hidden[k] = v
		if s, ok := v.(string); ok && strings.Contains(strings.ToLower(k), "token") {
			hidden[k] = a.Secret("log-option", s)
		}
	}
	object(c, "LogConfiguration")["Options"] = hidden
}
