package inventory

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// managedToo asks also for what services of AWS manage in the account, which
// the account may have hidden from such lists
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyManagedResourceVisibility.html).
var managedToo = map[string]any{"IncludeManagedResources": true}

// ec2 holds instances and what they are made from.
var ec2 = []Kind{{
	Type: "AWS::EC2::Instance",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:instance/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeInstances", Lists: true, Member: "Reservations", Params: managedToo, Gives: []string{"*"}, Read: readInstances},
		{Op: "ec2:DescribeVolumes", Member: "Volumes", Params: managedToo, Joins: true, Read: readAttachedVolumes},
		{
			Op: "ec2:DescribeInstanceAttribute", Member: "UserData", Param: "InstanceId",
			Each: instanceIDs, Params: map[string]any{"Attribute": "userData"}, Gives: []string{"UserData"}, Read: readUserData,
		}, {
			Op: "ec2:DescribeInstanceAttribute", Member: "DisableApiTermination", Param: "InstanceId",
			Each: instanceIDs, Params: map[string]any{"Attribute": "disableApiTermination"}, Extra: extraDetails, Gives: []string{"DisableApiTermination"},
			Read: instanceAttribute("DisableApiTermination"),
		}, {
			Op: "ec2:DescribeInstanceAttribute", Member: "InstanceInitiatedShutdownBehavior", Param: "InstanceId",
			Each: instanceIDs, Params: map[string]any{"Attribute": "instanceInitiatedShutdownBehavior"}, Extra: extraDetails, Gives: []string{"InstanceInitiatedShutdownBehavior"},
			Read: instanceAttribute("InstanceInitiatedShutdownBehavior"),
		},
	},
}, {
	Type: "AWS::EC2::Volume",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:volume/${ID}",
	Calls: []Call{
		{
			Op: "ec2:DescribeVolumes", Lists: true, Member: "Volumes", Params: managedToo, Gives: []string{"*", "KmsKeyId"}, Read: readVolumes,
			// A volume without a key has none; the account's default is for new ones.
			Unset: func() map[string]any { return map[string]any{"KmsKeyId": nil} },
		},
	},
}, {
	Type: "AWS::EC2::Snapshot",
	ARN:  "arn:${Partition}:ec2:${Region}::snapshot/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeSnapshots", Lists: true, Member: "Snapshots[].VolumeId", Params: map[string]any{"OwnerIds": []any{"self"}},
		Gives: []string{"*"}, Read: readSnapshots,
	}, {
		Op: "ec2:DescribeLockedSnapshots", Member: "Snapshots[].LockState", Gives: []string{"Observed.LockState"},
		Read: func(a *Answer) (out []*haetae.Resource) {
			for s := range a.each("Snapshots") {
				r := resource(str(s, "SnapshotId"), nil)
				r.Account = str(s, "OwnerId")
				r.Observed = take(s, "LockState")
				out = append(out, r)
			}
			return out
		},
	}, {
		Op: "ec2:DescribeSnapshotAttribute", Member: "CreateVolumePermissions", Param: "SnapshotId",
		Each: "ec2:DescribeSnapshots Snapshots[].SnapshotId", Params: map[string]any{"Attribute": "createVolumePermission"},
		Gives: []string{"Observed.CreateVolumePermissions"},
		Read:  observes("SnapshotId", "CreateVolumePermissions"),
	}},
}, {
	Type: "AWS::EC2::Image",
	ARN:  "arn:${Partition}:ec2:${Region}::image/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeImages", Lists: true, Member: "Images[].ImageId", Params: map[string]any{"Owners": []any{"self"}},
		Gives: []string{"*"}, Read: readImages,
	}, {
		Op: "ec2:DescribeImageAttribute", Member: "LaunchPermissions", Param: "ImageId",
		Each: "ec2:DescribeImages Images[].ImageId", Params: map[string]any{"Attribute": "launchPermission"},
		Gives: []string{"Observed.LaunchPermissions"},
		Read:  observes("ImageId", "LaunchPermissions"),
	}},
}, {
	Type: "AWS::EC2::KeyPair",
	Calls: []Call{{
		Op: "ec2:DescribeKeyPairs", Lists: true, Member: "KeyPairs", Gives: []string{"*"}, Read: func(a *Answer) (out []*haetae.Resource) {
			for k := range a.each("KeyPairs") {
				r := resource(str(k, "KeyName"), take(k, "KeyName", "KeyType", "Tags"))
				r.Observed = take(k, "KeyPairId", "KeyFingerprint")
				out = append(out, r)
			}
			return out
		},
	}},
}, {
	Type: "AWS::EC2::LaunchTemplate", Name: "LaunchTemplateName",
	ARN: "arn:${Partition}:ec2:${Region}:${Account}:launch-template/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeLaunchTemplates", Lists: true, Member: "LaunchTemplates", Params: managedToo, Gives: []string{"*"}, Read: readLaunchTemplates},
		{
			Op: "ec2:DescribeLaunchTemplateVersions", Member: "LaunchTemplateVersions", Param: "LaunchTemplateId",
			Each: "ec2:DescribeLaunchTemplates LaunchTemplates[].LaunchTemplateId", Params: map[string]any{"Versions": []any{"$Default"}, "IncludeManagedResources": true},
			Gives: []string{"LaunchTemplateData", "VersionDescription"}, Read: readLaunchTemplateVersions,
		},
	},
}}

const instanceIDs = "ec2:DescribeInstances Reservations[].Instances[].InstanceId"

// observes reads one or more members as they are into Observed of the parent.
func observes(param string, names ...string) func(*Answer) []*haetae.Resource {
	return func(a *Answer) []*haetae.Resource {
		r := resource(last(str(a.Body, param)), nil)
		r.Observed = take(a.Body, names...)
		return []*haetae.Resource{r}
	}
}

func readInstances(a *Answer) (out []*haetae.Resource) {
	for rsv := range a.each("Reservations") {
		for i := range objects(rsv["Instances"]) {
			if str(i, "State.Name") == "terminated" {
				continue // listed for an hour after it is gone
			}
			p := take(i, "ImageId", "InstanceType", "KeyName", "SubnetId", "PrivateIpAddress",
				"EbsOptimized", "SourceDestCheck", "KernelId", "RamdiskId", "EnclaveOptions", "HibernationOptions",
				"PrivateDnsNameOptions", "CpuOptions.CoreCount", "CpuOptions.ThreadsPerCore", "CpuOptions.AmdSevSnp", "Tags",
				"AvailabilityZone=Placement.AvailabilityZone", "Tenancy=Placement.Tenancy",
				"HostId=Placement.HostId", "Affinity=Placement.Affinity")
			if g := str(i, "Placement.GroupName"); g != "" {
				p["PlacementGroupName"] = g
			}
			if m := object(i, "MetadataOptions"); m != nil {
				p["MetadataOptions"] = without(m, "State")
			}
			if s := str(i, "Monitoring.State"); s != "" {
				p["Monitoring"] = s == "enabled" || s == "pending"
			}
			if arn := str(i, "IamInstanceProfile.Arn"); arn != "" {
				p["IamInstanceProfile"] = last(arn)
			}
			p["SecurityGroupIds"] = pluck(i["SecurityGroups"], "GroupId")
			p["NetworkInterfaces"] = instanceInterfaces(i)
			p["BlockDeviceMappings"], p["Volumes"] = blockDevices(i)
			r := resource(str(i, "InstanceId"), p)
			r.Account = str(rsv, "OwnerId")
			r.Observed = take(i, "InstanceId", "VpcId", "State", "PrivateDnsName", "PublicDnsName",
				"PrivateIp=PrivateIpAddress", "PublicIp=PublicIpAddress", "LaunchTime", "StateTransitionReason",
				"Architecture", "VirtualizationType", "Platform", "PlatformDetails", "InstanceLifecycle",
				"RootDeviceName", "IamInstanceProfileArn=IamInstanceProfile.Arn")
			if at, ok := transition(str(i, "StateTransitionReason")); ok {
				r.Observed["StateTransitionTime"] = at
			}
			if _, public := r.Observed["PublicIp"]; !public {
				r.Observed["PublicIp"] = nil // it was read, and it has none
			}
			for k, v := range take(rsv, "OwnerId", "RequesterId") {
				r.Observed[k] = v
			}
			out = append(out, r)
		}
	}
	return out
}

func instanceInterfaces(i map[string]any) []any {
	list := []any{}
	for n := range objects(i["NetworkInterfaces"]) {
		p := take(n, "NetworkInterfaceId", "SubnetId", "Description", "PrivateIpAddress",
			"DeleteOnTermination=Attachment.DeleteOnTermination", "DeviceIndex=Attachment.DeviceIndex")
		if d := p["DeviceIndex"]; d != nil {
			p["DeviceIndex"] = fmt.Sprint(d) // a string in CloudFormation
		}
		p["GroupSet"] = pluck(n["Groups"], "GroupId")
		p["PrivateIpAddresses"] = addresses(n)
		p["Ipv6Addresses"] = ipv6(n["Ipv6Addresses"])
		p["AssociatePublicIpAddress"] = str(n, "Association.PublicIp") != ""
		list = append(list, p)
	}
	return list
}

// addresses returns the private addresses of an interface.
func addresses(n map[string]any) []any {
	list := []any{}
	for x := range objects(n["PrivateIpAddresses"]) {
		list = append(list, take(x, "Primary", "PrivateIpAddress"))
	}
	return list
}

func ipv6(v any) []any {
	list := []any{}
	for x := range objects(v) {
		list = append(list, take(x, "Ipv6Address"))
	}
	return list
}

// blockDevices returns the disks of an instance. The answer says little of
// them: the rest comes from the volumes, and is unknown without.
func blockDevices(i map[string]any) (mappings, volumes []any) {
	mappings, volumes = []any{}, []any{}
	for m := range objects(i["BlockDeviceMappings"]) {
		p := take(m, "DeviceName")
		if ebs := object(m, "Ebs"); ebs != nil {
			disk := take(ebs, "DeleteOnTermination")
			for _, n := range diskFacts {
				disk[n] = &haetae.Unknown{
					Path: "BlockDeviceMappings.Ebs." + n, Reason: haetae.NotAsked, Actions: []string{"ec2:DescribeVolumes"},
					Detail: "no answer of ec2:DescribeVolumes has the volume",
				}
			}
			p["Ebs"] = disk
			volumes = append(volumes, map[string]any{"Device": m["DeviceName"], "VolumeId": ebs["VolumeId"]})
		}
		mappings = append(mappings, p)
	}
	return mappings, volumes
}

// diskFacts are the properties of a disk that only its volume tells.
var diskFacts = []string{"Encrypted", "KmsKeyId", "SnapshotId", "VolumeSize", "VolumeType", "Iops"}

func readAttachedVolumes(a *Answer) (out []*haetae.Resource) {
	for v := range a.each("Volumes") {
		for at := range objects(v["Attachments"]) {
			disk := take(v, "Encrypted", "KmsKeyId", "SnapshotId", "VolumeSize=Size", "VolumeType", "Iops")
			for _, n := range diskFacts {
				if _, ok := disk[n]; !ok {
					disk[n] = nil // the volume has none: no longer unknown
				}
			}
			if id := str(at, "InstanceId"); id != "" {
				out = append(out, resource(id, map[string]any{"BlockDeviceMappings": []any{
					map[string]any{"DeviceName": at["Device"], "Ebs": disk},
				}}))
			}
		}
	}
	return out
}

func readUserData(a *Answer) []*haetae.Resource {
	r := resource(str(a.Body, "InstanceId"), map[string]any{})
	if v := str(a.Body, "UserData.Value"); v != "" {
		r.Props["UserData"] = a.Secret("user-data", v)
	}
	return []*haetae.Resource{r}
}

func instanceAttribute(name string) func(*Answer) []*haetae.Resource {
	return func(a *Answer) []*haetae.Resource {
		return []*haetae.Resource{resource(str(a.Body, "InstanceId"), take(a.Body, name+"="+name+".Value"))}
	}
}

func readVolumes(a *Answer) (out []*haetae.Resource) {
	for v := range a.each("Volumes") {
		p := take(v, "AvailabilityZone", "Encrypted", "Iops", "KmsKeyId", "MultiAttachEnabled", "OutpostArn",
			"Size", "Throughput", "VolumeType", "Tags")
		if s := str(v, "SnapshotId"); s != "" {
			p["SnapshotId"] = s
		}
		r := resource(str(v, "VolumeId"), p)
		r.Observed = take(v, "VolumeId", "State", "CreateTime")
		at := []any{}
		for x := range objects(v["Attachments"]) {
			at = append(at, take(x, "InstanceId", "Device", "State", "DeleteOnTermination"))
		}
		r.Observed["Attachments"] = at
		out = append(out, r)
	}
	return out
}

func readSnapshots(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("Snapshots") {
		r := resource(str(s, "SnapshotId"), take(s, "Tags"))
		r.Account = str(s, "OwnerId")
		r.Observed = take(s, "SnapshotId", "VolumeId", "VolumeSize", "Encrypted", "KmsKeyId", "OwnerId",
			"Description", "State", "StorageTier", "StartTime")
		out = append(out, r)
	}
	return out
}

func readImages(a *Answer) (out []*haetae.Resource) {
	for i := range a.each("Images") {
		r := resource(str(i, "ImageId"), take(i, "Tags"))
		r.Account = str(i, "OwnerId")
		r.Observed = take(i, "ImageId", "Name", "Description", "OwnerId", "ImageOwnerAlias", "Public", "State",
			"Architecture", "Platform", "PlatformDetails", "RootDeviceType", "RootDeviceName", "VirtualizationType",
			"ImdsSupport", "BootMode", "TpmSupport", "CreationDate", "DeprecationTime", "SourceInstanceId", "BlockDeviceMappings")
		r.Volatile = take(i, "LastLaunchedTime")
		out = append(out, r)
	}
	return out
}

func readLaunchTemplates(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("LaunchTemplates") {
		r := resource(str(t, "LaunchTemplateId"), take(t, "LaunchTemplateName", "Tags"))
		r.Observed = take(t, "LaunchTemplateId", "CreatedBy", "CreateTime")
		for to, from := range map[string]string{"DefaultVersionNumber": "DefaultVersionNumber", "LatestVersionNumber": "LatestVersionNumber"} {
			if v := t[from]; v != nil {
				r.Observed[to] = fmt.Sprint(v) // strings in CloudFormation
			}
		}
		out = append(out, r)
	}
	return out
}

// readLaunchTemplateVersions reads the default version, which is what a launch
// without a version uses.
func readLaunchTemplateVersions(a *Answer) (out []*haetae.Resource) {
	for v := range a.each("LaunchTemplateVersions") {
		if v["DefaultVersion"] != true {
			continue
		}
		p := take(v, "VersionDescription", "LaunchTemplateName")
		data := without(object(v, "LaunchTemplateData"))
		if u, ok := data["UserData"].(string); ok {
			data["UserData"] = a.Secret("user-data", u)
		}
		p["LaunchTemplateData"] = data
		out = append(out, resource(cmp.Or(str(v, "LaunchTemplateId"), str(a.Body, "LaunchTemplateId")), p))
	}
	return out
}

// transition reads the time that AWS puts behind the reason for which an
// instance stopped: "User initiated (2026-01-02 03:04:05 GMT)".
func transition(reason string) (string, bool) {
	_, rest, ok := strings.Cut(reason, "(")
	text, _, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return "", false
	}
	at, err := time.Parse("2006-01-02 15:04:05 MST", text)
	if err != nil {
		return "", false
	}
	return at.UTC().Format(time.RFC3339), true
}
