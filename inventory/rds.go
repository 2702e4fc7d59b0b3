package inventory

import (
	"fmt"

	"github.com/haetae/haetae"
)

// rds holds databases, their snapshots and their parameter groups. Neptune and
// DocumentDB answer through the same operations and are clusters here too.
var rds = []Kind{{
	Type: "AWS::RDS::DBInstance",
	ARN:  "arn:${Partition}:rds:${Region}:${Account}:db:${ID}",
	Calls: []Call{
		{Op: "rds:DescribeDBInstances", Lists: true, Member: "DBInstances", Gives: []string{"*"}, Read: readDBInstances},
	},
}, {
	Type: "AWS::RDS::DBCluster",
	ARN:  "arn:${Partition}:rds:${Region}:${Account}:cluster:${ID}",
	Calls: []Call{
		{Op: "rds:DescribeDBClusters", Lists: true, Member: "DBClusters", Gives: []string{"*"}, Read: readDBClusters},
	},
}, {
	Type: "AWS::RDS::DBSnapshot", Name: "DBSnapshotIdentifier", Finish: automaticNotShared,
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "rds:DescribeDBSnapshots", Lists: true, Member: "DBSnapshots", Gives: []string{"*"},
			Read: readDBSnapshots,
		},
		dbSnapshotAttributes("DBSnapshot"),
	},
}, {
	Type: "AWS::RDS::DBClusterSnapshot", Finish: automaticNotShared,
	ARN: "arn:${Partition}:rds:${Region}:${Account}:cluster-snapshot:${ID}",
	Calls: []Call{
		{
			Op: "rds:DescribeDBClusterSnapshots", Lists: true, Member: "DBClusterSnapshots", Gives: []string{"*"},
			Read: readClusterSnapshots,
		},
		dbSnapshotAttributes("DBClusterSnapshot"),
	},
}, {
	Type: "AWS::RDS::DBParameterGroup",
	ARN:  "arn:${Partition}:rds:${Region}:${Account}:pg:${ID}",
	Calls: []Call{
		{
			Op: "rds:DescribeDBParameterGroups", Lists: true, Member: "DBParameterGroups", Gives: []string{"*"},
			Read: parameterGroups("DBParameterGroups", "DBParameterGroupName", "DBParameterGroupArn"),
		},
		parameters("rds:DescribeDBParameters", "DBParameterGroupName", "rds:DescribeDBParameterGroups DBParameterGroups[].DBParameterGroupName"),
	},
}, {
	Type: "AWS::RDS::DBClusterParameterGroup",
	ARN:  "arn:${Partition}:rds:${Region}:${Account}:cluster-pg:${ID}",
	Calls: []Call{
		{
			Op: "rds:DescribeDBClusterParameterGroups", Lists: true, Member: "DBClusterParameterGroups", Gives: []string{"*"},
			Read: parameterGroups("DBClusterParameterGroups", "DBClusterParameterGroupName", "DBClusterParameterGroupArn"),
		},
		parameters("rds:DescribeDBClusterParameters", "DBClusterParameterGroupName", "rds:DescribeDBClusterParameterGroups DBClusterParameterGroups[].DBClusterParameterGroupName"),
	},
}, {
	Type: "AWS::RDS::DBSubnetGroup",
	ARN:  "arn:${Partition}:rds:${Region}:${Account}:subgrp:${ID}",
	Calls: []Call{
		{Op: "rds:DescribeDBSubnetGroups", Lists: true, Member: "DBSubnetGroups", Gives: []string{"*"}, Read: readSubnetGroups},
	},
}, {
	Type: "AWS::RDS::OptionGroup",
	ARN:  "arn:${Partition}:rds:${Region}:${Account}:og:${ID}",
	Calls: []Call{
		{Op: "rds:DescribeOptionGroups", Lists: true, Member: "OptionGroupsList", Gives: []string{"*"}, Read: readOptionGroups},
	},
}, {
	Type: "AWS::RDS::EventSubscription",
	ARN:  "arn:${Partition}:rds:${Region}:${Account}:es:${ID}",
	Calls: []Call{
		{Op: "rds:DescribeEventSubscriptions", Lists: true, Member: "EventSubscriptionsList", Gives: []string{"*"}, Read: readEventSubscriptions},
	},
}}

// texted turns numbers into the strings that CloudFormation has there.
func texted(p map[string]any, names ...string) {
	for _, n := range names {
		if v := p[n]; v != nil {
			p[n] = fmt.Sprint(v)
		}
	}
}

func readDBInstances(a *Answer) (out []*haetae.Resource) {
	for d := range a.each("DBInstances") {
		p := take(d, "DBInstanceIdentifier", "DBInstanceClass", "Engine", "EngineVersion", "DBName", "AllocatedStorage",
			"AutoMinorVersionUpgrade", "AvailabilityZone", "BackupRetentionPeriod", "BackupTarget", "CACertificateIdentifier",
			"CharacterSetName", "CopyTagsToSnapshot", "DBClusterIdentifier", "DBSubnetGroupName=DBSubnetGroup.DBSubnetGroupName",
			"DatabaseInsightsMode", "DedicatedLogVolume", "DeletionProtection", "EnableCloudwatchLogsExports=EnabledCloudwatchLogsExports",
			"EnableIAMDatabaseAuthentication=IAMDatabaseAuthenticationEnabled", "EnablePerformanceInsights=PerformanceInsightsEnabled",
			"PerformanceInsightsKMSKeyId=PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod", "EngineLifecycleSupport",
			"Iops", "KmsKeyId", "LicenseModel", "MasterUsername", "MaxAllocatedStorage", "MonitoringInterval", "MonitoringRoleArn",
			"MultiAZ", "NcharCharacterSetName", "NetworkType", "Port=Endpoint.Port", "PreferredBackupWindow",
			"PreferredMaintenanceWindow", "ProcessorFeatures", "PromotionTier", "PubliclyAccessible", "StorageEncrypted",
			"StorageThroughput", "StorageType", "Timezone", "Tags=TagList", "AssociatedRoles",
			"SourceDBInstanceIdentifier=ReadReplicaSourceDBInstanceIdentifier")
		texted(p, "AllocatedStorage", "Port")
		p["VPCSecurityGroups"] = pluck(d["VpcSecurityGroups"], "VpcSecurityGroupId")
		if g := pluck(d["DBSecurityGroups"], "DBSecurityGroupName"); len(g) > 0 {
			p["DBSecurityGroups"] = g
		}
		for g := range objects(d["DBParameterGroups"]) {
			p["DBParameterGroupName"] = g["DBParameterGroupName"]
			break
		}
		for g := range objects(d["OptionGroupMemberships"]) {
			p["OptionGroupName"] = g["OptionGroupName"]
			break
		}
		for m := range objects(d["DomainMemberships"]) {
			p["Domain"] = m["Domain"]
			break
		}
		p["ManageMasterUserPassword"] = object(d, "MasterUserSecret") != nil
		r := resource(str(d, "DBInstanceIdentifier"), p)
		r.ARN = str(d, "DBInstanceArn")
		r.Observed = take(d, "DBInstanceArn", "DBInstanceStatus", "DbiResourceId", "InstanceCreateTime", "MasterUserSecret",
			"ReadReplicaDBInstanceIdentifiers", "SecondaryAvailabilityZone", "CertificateDetails", "PendingModifiedValues",
			"VpcId=DBSubnetGroup.VpcId", "CertificateValidTill=CertificateDetails.ValidTill", "Endpoint.Address=Endpoint.Address",
			"Endpoint.Port=Endpoint.Port", "Endpoint.HostedZoneId=Endpoint.HostedZoneId")
		// A pending password is shown as stars; it is dropped all the same.
		if m := object(r.Observed, "PendingModifiedValues"); m != nil {
			r.Observed["PendingModifiedValues"] = without(m, "MasterUserPassword")
		}
		r.Volatile = take(d, "LatestRestorableTime")
		out = append(out, r)
	}
	return out
}

func readDBClusters(a *Answer) (out []*haetae.Resource) {
	for d := range a.each("DBClusters") {
		p := take(d, "DBClusterIdentifier", "AllocatedStorage", "AutoMinorVersionUpgrade", "AvailabilityZones", "BacktrackWindow",
			"BackupRetentionPeriod", "CopyTagsToSnapshot", "DBClusterInstanceClass", "DBClusterParameterGroupName=DBClusterParameterGroup",
			"DBSubnetGroupName=DBSubnetGroup", "DatabaseName", "DatabaseInsightsMode", "DeletionProtection",
			"EnableCloudwatchLogsExports=EnabledCloudwatchLogsExports", "EnableHttpEndpoint=HttpEndpointEnabled",
			"EnableIAMDatabaseAuthentication=IAMDatabaseAuthenticationEnabled", "Engine", "EngineMode", "EngineVersion",
			"EngineLifecycleSupport", "Iops", "KmsKeyId", "MasterUsername", "MonitoringInterval", "MonitoringRoleArn", "NetworkType",
			"PerformanceInsightsEnabled", "PerformanceInsightsKmsKeyId=PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod",
			"Port", "PreferredBackupWindow", "PreferredMaintenanceWindow", "PubliclyAccessible",
			"ScalingConfiguration=ScalingConfigurationInfo", "ServerlessV2ScalingConfiguration", "StorageEncrypted", "StorageType",
			"Tags=TagList", "AssociatedRoles", "ReplicationSourceIdentifier")
		p["VpcSecurityGroupIds"] = pluck(d["VpcSecurityGroups"], "VpcSecurityGroupId")
		p["ManageMasterUserPassword"] = object(d, "MasterUserSecret") != nil
		members := []any{}
		for m := range objects(d["DBClusterMembers"]) {
			members = append(members, take(m, "DBInstanceIdentifier", "IsClusterWriter"))
		}
		r := resource(str(d, "DBClusterIdentifier"), p)
		r.ARN = str(d, "DBClusterArn")
		r.Observed = take(d, "DBClusterArn", "DBClusterResourceId=DbClusterResourceId", "Status", "ClusterCreateTime",
			"Endpoint.Address=Endpoint", "ReadEndpoint.Address=ReaderEndpoint", "MasterUserSecret")
		if port := d["Port"]; port != nil {
			set(r.Observed, "Endpoint.Port", fmt.Sprint(port))
		}
		r.Observed["Members"] = members
		out = append(out, r)
	}
	return out
}

func readDBSnapshots(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("DBSnapshots") {
		r := resource(str(s, "DBSnapshotArn"), take(s, "DBSnapshotIdentifier", "DBInstanceIdentifier", "Tags=TagList"))
		r.ARN = r.ID
		r.Observed = take(s, "DBSnapshotArn", "AllocatedStorage", "AvailabilityZone", "DbiResourceId", "Encrypted", "Engine",
			"EngineVersion", "IAMDatabaseAuthenticationEnabled", "InstanceCreateTime", "Iops", "KmsKeyId", "LicenseModel",
			"MasterUsername", "OptionGroupName", "OriginalSnapshotCreateTime", "Port", "SnapshotCreateTime", "SnapshotType",
			"Status", "StorageThroughput", "StorageType", "VpcId")
		out = append(out, r)
	}
	return out
}

func readClusterSnapshots(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("DBClusterSnapshots") {
		r := resource(str(s, "DBClusterSnapshotIdentifier"), take(s, "Tags=TagList"))
		r.ARN = str(s, "DBClusterSnapshotArn")
		r.Observed = take(s, "DBClusterSnapshotIdentifier", "DBClusterSnapshotArn", "DBClusterIdentifier", "DbClusterResourceId",
			"Engine", "EngineVersion", "SnapshotType", "Status", "StorageEncrypted", "KmsKeyId",
			"IAMDatabaseAuthenticationEnabled", "SnapshotCreateTime", "VpcId")
		out = append(out, r)
	}
	return out
}

// automaticNotShared says that a snapshot which AWS made is shared with nobody:
// only manual ones can be
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html).
func automaticNotShared(r *haetae.Resource) {
	if t := str(r.Observed, "SnapshotType"); t == "automated" || t == "awsbackup" {
		r.Observed["RestoreAccounts"] = []any{}
	}
}

// dbSnapshotAttributes is the call that says with whom a snapshot is shared.
// thing is "DBSnapshot" or "DBClusterSnapshot".
func dbSnapshotAttributes(thing string) Call {
	id, result := thing+"Identifier", thing+"AttributesResult"
	return Call{
		Op: "rds:Describe" + thing + "Attributes", Member: result, Param: id,
		Each: "rds:Describe" + thing + "s " + thing + "s[?SnapshotType=='manual']." + id, Gives: []string{"Observed.RestoreAccounts"},
		Read: func(a *Answer) []*haetae.Resource {
			name := str(a.Body, result+"."+id)
			if name == "" {
				name = str(a.Body, id)
			}
			r := resource(name, nil)
			accounts := []any{}
			for x := range objects(get(a.Body, result+"."+thing+"Attributes")) {
				if x["AttributeName"] == "restore" {
					for v := range texts(x["AttributeValues"]) {
						accounts = append(accounts, v)
					}
				}
			}
			r.Observed = map[string]any{"RestoreAccounts": accounts}
			return []*haetae.Resource{r}
		},
	}
}

func parameterGroups(member, name, arn string) func(*Answer) []*haetae.Resource {
	return func(a *Answer) (out []*haetae.Resource) {
		for g := range a.each(member) {
			r := resource(str(g, name), take(g, name, "Family=DBParameterGroupFamily", "Description"))
			r.ARN = str(g, arn)
			out = append(out, r)
		}
		return out
	}
}

// parameters is the call for the values in a group. All that have a value
// count, those that AWS set too: they are what is in force.
func parameters(op, param, each string) Call {
	return Call{
		Op: op, Param: param, Each: each, Gives: []string{"Parameters"},
		Read: func(a *Answer) []*haetae.Resource {
			values := map[string]any{}
			for p := range a.each("Parameters") {
				if n := str(p, "ParameterName"); n != "" && p["ParameterValue"] != nil {
					values[n] = p["ParameterValue"]
				}
			}
			return []*haetae.Resource{resource(str(a.Body, param), map[string]any{"Parameters": values})}
		},
	}
}

func readSubnetGroups(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("DBSubnetGroups") {
		p := take(g, "DBSubnetGroupName", "DBSubnetGroupDescription")
		p["SubnetIds"] = pluck(g["Subnets"], "SubnetIdentifier")
		r := resource(str(g, "DBSubnetGroupName"), p)
		r.ARN = str(g, "DBSubnetGroupArn")
		out = append(out, r)
	}
	return out
}

func readEventSubscriptions(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("EventSubscriptionsList") {
		p := take(s, "SubscriptionName=CustSubscriptionId", "Enabled", "SnsTopicArn", "SourceType",
			"EventCategories=EventCategoriesList", "SourceIds=SourceIdsList")
		r := resource(str(s, "CustSubscriptionId"), p)
		r.ARN = str(s, "EventSubscriptionArn")
		out = append(out, r)
	}
	return out
}

// readOptionGroups takes the settings of options that have a value.
func readOptionGroups(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("OptionGroupsList") {
		p := take(g, "OptionGroupName", "OptionGroupDescription", "EngineName", "MajorEngineVersion")
		options := []any{}
		for o := range objects(g["Options"]) {
			m := take(o, "OptionName", "OptionVersion", "Port")
			settings := []any{}
			for s := range objects(o["OptionSettings"]) {
				if s["Value"] != nil {
					settings = append(settings, take(s, "Name", "Value"))
				}
			}
			m["OptionSettings"] = settings
			m["VpcSecurityGroupMemberships"] = pluck(o["VpcSecurityGroupMemberships"], "VpcSecurityGroupId")
			options = append(options, m)
		}
		p["OptionConfigurations"] = options
		p["Tags"] = elsewhere("Tags", "rds:ListTagsForResource")
		r := resource(str(g, "OptionGroupName"), p)
		r.ARN = str(g, "OptionGroupArn")
		out = append(out, r)
	}
	return out
}
