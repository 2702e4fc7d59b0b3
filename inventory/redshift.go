package inventory

import "github.com/haetae/haetae"

const (
	warehouses     = "redshift:DescribeClusters Clusters[].ClusterIdentifier"
	warehouseParam = "redshift:DescribeClusterParameterGroups ParameterGroups[].ParameterGroupName"
)

// redshift holds clusters and the groups of parameters and subnets that they use.
var redshift = []Kind{{
	Type: "AWS::Redshift::Cluster",
	ARN:  "arn:${Partition}:redshift:${Region}:${Account}:cluster:${ID}",
	Calls: []Call{
		{
			Op: "redshift:DescribeClusters", Lists: true, Member: "Clusters[].ClusterIdentifier", Gives: []string{"*"},
			Read: readWarehouses,
		}, {
			Op: "redshift:DescribeLoggingStatus", Member: "LoggingEnabled", Param: "ClusterIdentifier", Each: warehouses,
			Gives: []string{"LoggingProperties"}, Read: func(a *Answer) []*haetae.Resource {
				r := resource(str(a.Body, "ClusterIdentifier"), nil)
				if a.Body["LoggingEnabled"] == true {
					r.Props = map[string]any{"LoggingProperties": take(a.Body, "BucketName", "S3KeyPrefix", "LogDestinationType", "LogExports")}
				}
				return []*haetae.Resource{r}
			},
		},
	},
}, {
	Type: "AWS::Redshift::ClusterParameterGroup",
	ARN:  "arn:${Partition}:redshift:${Region}:${Account}:parametergroup:${ID}",
	Calls: []Call{
		{
			Op: "redshift:DescribeClusterParameterGroups", Lists: true, Member: "ParameterGroups[].ParameterGroupFamily", Gives: []string{"*"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for g := range a.each("ParameterGroups") {
					out = append(out, resource(str(g, "ParameterGroupName"), take(g, "ParameterGroupName", "ParameterGroupFamily", "Description", "Tags")))
				}
				return out
			},
		}, {
			// All that have a value count, those that AWS set too: they are what
			// is in force.
			Op: "redshift:DescribeClusterParameters", Param: "ParameterGroupName", Each: warehouseParam, Gives: []string{"Parameters"},
			Read: func(a *Answer) []*haetae.Resource {
				list := []any{}
				for p := range a.each("Parameters") {
					if p["ParameterName"] != nil && p["ParameterValue"] != nil {
						list = append(list, take(p, "ParameterName", "ParameterValue"))
					}
				}
				return []*haetae.Resource{resource(str(a.Body, "ParameterGroupName"), map[string]any{"Parameters": list})}
			},
		},
	},
}, {
	Type: "AWS::Redshift::ClusterSubnetGroup",
	ARN:  "arn:${Partition}:redshift:${Region}:${Account}:subnetgroup:${ID}",
	Calls: []Call{{
		Op: "redshift:DescribeClusterSubnetGroups", Lists: true, Member: "ClusterSubnetGroups", Gives: []string{"*"},
		Read: func(a *Answer) (out []*haetae.Resource) {
			for g := range a.each("ClusterSubnetGroups") {
				p := take(g, "Description", "Tags")
				p["SubnetIds"] = pluck(g["Subnets"], "SubnetIdentifier")
				r := resource(str(g, "ClusterSubnetGroupName"), p)
				r.Observed = take(g, "ClusterSubnetGroupName", "VpcId")
				out = append(out, r)
			}
			return out
		},
	}},
}}

func readWarehouses(a *Answer) (out []*haetae.Resource) {
	for c := range a.each("Clusters") {
		p := take(c, "ClusterIdentifier", "AllowVersionUpgrade", "AquaConfigurationStatus=AquaConfiguration.AquaConfigurationStatus",
			"AutomatedSnapshotRetentionPeriod", "AvailabilityZone", "AvailabilityZoneRelocationStatus", "ClusterSubnetGroupName",
			"ClusterVersion", "DBName", "DestinationRegion=ClusterSnapshotCopyStatus.DestinationRegion",
			"ElasticIp=ElasticIpStatus.ElasticIp", "Encrypted", "EnhancedVpcRouting",
			"HsmClientCertificateIdentifier=HsmStatus.HsmClientCertificateIdentifier",
			"HsmConfigurationIdentifier=HsmStatus.HsmConfigurationIdentifier", "KmsKeyId", "MaintenanceTrackName",
			"ManualSnapshotRetentionPeriod", "MasterPasswordSecretKmsKeyId", "MasterUsername", "NodeType", "NumberOfNodes",
			"Port=Endpoint.Port", "PreferredMaintenanceWindow", "PubliclyAccessible",
			"SnapshotCopyGrantName=ClusterSnapshotCopyStatus.SnapshotCopyGrantName",
			"SnapshotCopyRetentionPeriod=ClusterSnapshotCopyStatus.RetentionPeriod", "Tags")
		enabled(p, "MultiAZ", c["MultiAZ"])
		enabled(p, "AvailabilityZoneRelocation", c["AvailabilityZoneRelocationStatus"])
		p["ManageMasterPassword"] = c["MasterPasswordSecretArn"] != nil
		p["VpcSecurityGroupIds"] = pluck(c["VpcSecurityGroups"], "VpcSecurityGroupId")
		p["IamRoles"] = pluck(c["IamRoles"], "IamRoleArn")
		if g := pluck(c["ClusterSecurityGroups"], "ClusterSecurityGroupName"); len(g) > 0 {
			p["ClusterSecurityGroups"] = g
		}
		for g := range objects(c["ClusterParameterGroups"]) {
			p["ClusterParameterGroupName"] = g["ParameterGroupName"]
			break
		}
		if n, ok := c["NumberOfNodes"].(int64); ok {
			p["ClusterType"] = "single-node"
			if n > 1 {
				p["ClusterType"] = "multi-node"
			}
		}
		// A policy of the namespace is told by its own call.
		p["NamespaceResourcePolicy"] = elsewhere("NamespaceResourcePolicy", "redshift:GetResourcePolicy")
		r := resource(str(c, "ClusterIdentifier"), p)
		r.Observed = take(c, "Id=ClusterIdentifier", "ClusterNamespaceArn", "ClusterStatus", "ClusterCreateTime", "VpcId", "MasterPasswordSecretArn")
		if e := object(c, "Endpoint"); e != nil {
			r.Observed["Endpoint"] = endpoint(e)
		}
		out = append(out, r)
	}
	return out
}
