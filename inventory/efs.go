package inventory

import (
	"fmt"

	"github.com/haetae/haetae"
)

const fileSystems = "efs:DescribeFileSystems FileSystems[].FileSystemId"

// efs holds file systems and the ways into them.
var efs = []Kind{{
	Type: "AWS::EFS::FileSystem", Finish: tagsIn("FileSystemTags"),
	ARN: "arn:${Partition}:elasticfilesystem:${Region}:${Account}:file-system/${ID}",
	Calls: []Call{
		{
			Op: "efs:DescribeFileSystems", Actions: efsAction("DescribeFileSystems"), Lists: true, Member: "FileSystems[].CreationToken",
			Gives: []string{"*"}, Read: readFileSystems,
		}, {
			Op: "efs:DescribeFileSystemPolicy", Actions: efsAction("DescribeFileSystemPolicy"), Member: "Policy",
			Param: "FileSystemId", Each: fileSystems, Absent: []string{"PolicyNotFound"},
			Gives: []string{"FileSystemPolicy"}, Read: func(a *Answer) []*haetae.Resource {
				return fileSystem(a, map[string]any{"FileSystemPolicy": policy(a.Body["Policy"])})
			},
		}, {
			Op: "efs:DescribeBackupPolicy", Actions: efsAction("DescribeBackupPolicy"), Member: "BackupPolicy",
			Param: "FileSystemId", Each: fileSystems, Absent: []string{"PolicyNotFound"},
			Gives: []string{"BackupPolicy"}, Read: func(a *Answer) []*haetae.Resource {
				return fileSystem(a, take(a.Body, "BackupPolicy.Status"))
			},
		}, {
			Op: "efs:DescribeLifecycleConfiguration", Actions: efsAction("DescribeLifecycleConfiguration"), Member: "LifecyclePolicies",
			Param: "FileSystemId", Each: fileSystems, Gives: []string{"LifecyclePolicies"},
			Read: func(a *Answer) []*haetae.Resource { return fileSystem(a, take(a.Body, "LifecyclePolicies")) },
		}, {
			Op: "efs:DescribeReplicationConfigurations", Actions: efsAction("DescribeReplicationConfigurations"), Member: "Replications",
			Absent: []string{"ReplicationNotFound"}, Gives: []string{"ReplicationConfiguration"}, Read: readReplications,
		},
	},
}, {
	Type: "AWS::EFS::MountTarget", Of: "AWS::EFS::FileSystem",
	Calls: []Call{
		{
			Op: "efs:DescribeMountTargets", Actions: efsAction("DescribeMountTargets"), Lists: true, Member: "MountTargets",
			Param: "FileSystemId", Each: fileSystems, Gives: []string{"*"}, Read: readMountTargets,
		}, {
			Op: "efs:DescribeMountTargetSecurityGroups", Actions: efsAction("DescribeMountTargetSecurityGroups"), Member: "SecurityGroups",
			Param: "MountTargetId", Each: "efs:DescribeMountTargets MountTargets[].MountTargetId", Gives: []string{"SecurityGroups"}, Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{resource(str(a.Body, "MountTargetId"), take(a.Body, "SecurityGroups"))}
			},
		},
	},
}, {
	Type: "AWS::EFS::AccessPoint", Finish: tagsIn("AccessPointTags"),
	ARN: "arn:${Partition}:elasticfilesystem:${Region}:${Account}:access-point/${ID}",
	Calls: []Call{{
		Op: "efs:DescribeAccessPoints", Actions: efsAction("DescribeAccessPoints"), Lists: true, Member: "AccessPoints[].AccessPointId",
		Gives: []string{"*"}, Read: readAccessPoints,
	}},
}}

func efsAction(op string) []string { return []string{"elasticfilesystem:" + op} }

// fileSystem returns the file system that the request named, by ID or by ARN.
func fileSystem(a *Answer, props map[string]any) []*haetae.Resource {
	return []*haetae.Resource{resource(last(str(a.Body, "FileSystemId")), props)}
}

func readFileSystems(a *Answer) (out []*haetae.Resource) {
	for f := range a.each("FileSystems") {
		p := take(f, "Encrypted", "KmsKeyId", "PerformanceMode", "ThroughputMode", "ProvisionedThroughputInMibps", "AvailabilityZoneName",
			"FileSystemProtection", "FileSystemTags=Tags")
		r := resource(str(f, "FileSystemId"), p)
		r.ARN, r.Account = str(f, "FileSystemArn"), str(f, "OwnerId")
		r.Observed = take(f, "Arn=FileSystemArn", "FileSystemId", "LifeCycleState", "CreationTime")
		out = append(out, r)
	}
	return out
}

// readReplications takes the replications that start here; those that end here
// are in the list as well.
func readReplications(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Replications") {
		if from := str(x, "SourceFileSystemRegion"); from != "" && a.Region != "" && from != a.Region {
			continue
		}
		list := []any{}
		for d := range objects(x["Destinations"]) {
			list = append(list, take(d, "FileSystemId", "Region", "RoleArn", "Status", "StatusMessage"))
		}
		out = append(out, resource(str(x, "SourceFileSystemId"), map[string]any{
			"ReplicationConfiguration": map[string]any{"Destinations": list},
		}))
	}
	return out
}

func readMountTargets(a *Answer) (out []*haetae.Resource) {
	for m := range a.each("MountTargets") {
		r := resource(str(m, "MountTargetId"), take(m, "FileSystemId", "IpAddress", "Ipv6Address", "SubnetId"))
		r.Account = str(m, "OwnerId")
		r.Observed = take(m, "Id=MountTargetId", "NetworkInterfaceId", "LifeCycleState", "VpcId", "AvailabilityZoneName")
		out = append(out, r)
	}
	return out
}

func readAccessPoints(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("AccessPoints") {
		p := take(x, "ClientToken", "FileSystemId", "AccessPointTags=Tags", "RootDirectory.Path=RootDirectory.Path")
		if u := object(x, "PosixUser"); u != nil {
			p["PosixUser"] = ids(u, "Uid", "Gid", "SecondaryGids")
		}
		if c := object(x, "RootDirectory.CreationInfo"); c != nil {
			set(p, "RootDirectory.CreationInfo", ids(c, "OwnerUid", "OwnerGid", "Permissions"))
		}
		r := resource(str(x, "AccessPointId"), p)
		r.ARN, r.Account = str(x, "AccessPointArn"), str(x, "OwnerId")
		r.Observed = take(x, "AccessPointId", "Arn=AccessPointArn", "LifeCycleState")
		out = append(out, r)
	}
	return out
}

// ids takes members whose numbers are strings in CloudFormation.
func ids(src map[string]any, names ...string) map[string]any {
	p := take(src, names...)
	for k, v := range p {
		list, ok := v.([]any)
		if !ok {
			p[k] = fmt.Sprint(v)
			continue
		}
		out := []any{}
		for _, x := range list {
			out = append(out, fmt.Sprint(x))
		}
		p[k] = out
	}
	return p
}
