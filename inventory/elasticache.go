package inventory

import (
	"fmt"
	"strings"

	"github.com/haetae/haetae"
)

// elasticache holds caches. The nodes of a replication group are clusters too,
// and only they tell the group's network and version.
var elasticache = []Kind{{
	Type: "AWS::ElastiCache::ReplicationGroup",
	ARN:  "arn:${Partition}:elasticache:${Region}:${Account}:replicationgroup:${ID}",
	Calls: []Call{
		{
			Op: "elasticache:DescribeReplicationGroups", Lists: true, Member: "ReplicationGroups[].MemberClusters", Gives: []string{"*"},
			Read: readReplicationGroups,
		}, {
			Op: "elasticache:DescribeCacheClusters", Member: "CacheClusters", Params: nodeInfo(),
			Gives: []string{"EngineVersion", "AutoMinorVersionUpgrade", "CacheParameterGroupName", "CacheSubnetGroupName",
				"SecurityGroupIds", "PreferredMaintenanceWindow", "NotificationTopicArn", "NetworkType", "IpDiscovery"},
			Read: readGroupOfNodes,
		},
		cacheTags("elasticache:DescribeReplicationGroups ReplicationGroups[].ARN", ":replicationgroup:"),
	},
}, {
	Type: "AWS::ElastiCache::CacheCluster",
	ARN:  "arn:${Partition}:elasticache:${Region}:${Account}:cluster:${ID}",
	Calls: []Call{
		{
			Op: "elasticache:DescribeCacheClusters", Lists: true, Member: "CacheClusters", Params: nodeInfo(), Gives: []string{"*"},
			Read: readCacheClusters,
		},
		cacheTags("elasticache:DescribeCacheClusters CacheClusters[].ARN", ":cluster:"),
	},
}, {
	Type: "AWS::ElastiCache::SubnetGroup",
	ARN:  "arn:${Partition}:elasticache:${Region}:${Account}:subnetgroup:${ID}",
	Calls: []Call{
		{
			Op: "elasticache:DescribeCacheSubnetGroups", Lists: true, Member: "CacheSubnetGroups", Gives: []string{"*"},
			Read: readCacheSubnetGroups,
		},
		cacheTags("elasticache:DescribeCacheSubnetGroups CacheSubnetGroups[].ARN", ":subnetgroup:"),
	},
}}

// nodeInfo asks for the nodes of each cluster.
func nodeInfo() map[string]any { return map[string]any{"ShowCacheNodeInfo": true} }

// cacheTags is the call for the tags of one kind of resource, which its ARN
// tells.
func cacheTags(each, in string) Call {
	return Call{
		Op: "elasticache:ListTagsForResource", Member: "TagList", Param: "ResourceName", Each: each, Gives: []string{"Tags"},
		Read: func(a *Answer) []*haetae.Resource {
			arn := str(a.Body, "ResourceName")
			if !strings.Contains(arn, ":elasticache:") {
				return nil // RDS answers with the same members
			}
			return about(arn, in, take(a.Body, "Tags=TagList"))
		},
	}
}

// enabled turns a state in words into a boolean; what is not there stays away.
func enabled(p map[string]any, to string, state any) {
	if s, ok := state.(string); ok {
		p[to] = strings.EqualFold(s, "enabled") || strings.EqualFold(s, "enabling")
	}
}

// endpoint returns an address with its port, which is a string in CloudFormation.
func endpoint(e map[string]any) map[string]any {
	out := take(e, "Address")
	if v := e["Port"]; v != nil {
		out["Port"] = fmt.Sprint(v)
	}
	return out
}

// logDeliveries leaves out the states of the deliveries.
func logDeliveries(list any) []any {
	out := []any{}
	for l := range objects(list) {
		out = append(out, take(l, "DestinationDetails", "DestinationType", "LogFormat", "LogType"))
	}
	return out
}

func readReplicationGroups(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("ReplicationGroups") {
		p := take(g, "ReplicationGroupId", "ReplicationGroupDescription=Description", "CacheNodeType", "Engine", "ClusterMode",
			"AtRestEncryptionEnabled", "TransitEncryptionEnabled", "TransitEncryptionMode", "KmsKeyId", "SnapshotRetentionLimit",
			"SnapshotWindow", "SnapshottingClusterId", "UserGroupIds", "AutoMinorVersionUpgrade", "NetworkType", "IpDiscovery",
			"GlobalReplicationGroupId=GlobalReplicationGroupInfo.GlobalReplicationGroupId")
		enabled(p, "AutomaticFailoverEnabled", g["AutomaticFailover"])
		enabled(p, "MultiAZEnabled", g["MultiAZ"])
		enabled(p, "DataTieringEnabled", g["DataTiering"])
		p["LogDeliveryConfigurations"] = logDeliveries(g["LogDeliveryConfigurations"])
		if g["AuthTokenEnabled"] == true {
			p["AuthToken"] = hidden("AWS never shows the token")
		}
		r := resource(str(g, "ReplicationGroupId"), p)
		r.ARN = str(g, "ARN")
		r.Observed = take(g, "Status", "MemberClusters", "ReplicationGroupCreateTime")
		if e := object(g, "ConfigurationEndpoint"); e != nil {
			r.Observed["ConfigurationEndPoint"] = endpoint(e)
			if v := e["Port"]; v != nil {
				p["Port"] = v
			}
		}
		if nodes, ok := g["NodeGroups"].([]any); ok {
			p["NumNodeGroups"] = int64(len(nodes))
			shape(r, nodes)
		}
		out = append(out, r)
	}
	return out
}

// shape takes the number of replicas and the endpoints from a group's shards.
func shape(r *haetae.Resource, nodes []any) {
	for n := range objects(nodes) {
		if members, ok := n["NodeGroupMembers"].([]any); ok && len(members) > 0 {
			r.Props["ReplicasPerNodeGroup"] = int64(len(members) - 1)
		}
		if e := object(n, "PrimaryEndpoint"); e != nil {
			r.Observed["PrimaryEndPoint"] = endpoint(e)
		}
		if e := object(n, "ReaderEndpoint"); e != nil {
			r.Observed["ReaderEndPoint"] = endpoint(e)
		}
		return
	}
}

// node takes what clusters and the groups that they are in have in common.
func node(c map[string]any) map[string]any {
	return take(c, "Engine", "EngineVersion", "AutoMinorVersionUpgrade", "CacheNodeType", "CacheSubnetGroupName",
		"CacheParameterGroupName=CacheParameterGroup.CacheParameterGroupName", "PreferredMaintenanceWindow",
		"NotificationTopicArn=NotificationConfiguration.TopicArn", "NetworkType", "IpDiscovery")
}

func readGroupOfNodes(a *Answer) (out []*haetae.Resource) {
	for c := range a.each("CacheClusters") {
		id := str(c, "ReplicationGroupId")
		if id == "" {
			continue
		}
		p := node(c)
		p["SecurityGroupIds"] = pluck(c["SecurityGroups"], "SecurityGroupId")
		for n := range objects(c["CacheNodes"]) {
			if port := get(n, "Endpoint.Port"); port != nil {
				p["Port"] = port
			}
		}
		out = append(out, resource(id, p))
	}
	return out
}

func readCacheClusters(a *Answer) (out []*haetae.Resource) {
	for c := range a.each("CacheClusters") {
		p := node(c)
		for k, v := range take(c, "ClusterName=CacheClusterId", "NumCacheNodes", "PreferredAvailabilityZone", "SnapshotRetentionLimit",
			"SnapshotWindow", "TransitEncryptionEnabled") {
			p[k] = v
		}
		if p["PreferredAvailabilityZone"] == "Multiple" {
			delete(p, "PreferredAvailabilityZone")
			p["AZMode"] = "cross-az"
		}
		p["VpcSecurityGroupIds"] = pluck(c["SecurityGroups"], "SecurityGroupId")
		p["LogDeliveryConfigurations"] = logDeliveries(c["LogDeliveryConfigurations"])
		r := resource(str(c, "CacheClusterId"), p)
		r.ARN = str(c, "ARN")
		r.Observed = take(c, "CacheClusterStatus", "CacheClusterCreateTime", "ReplicationGroupId", "AtRestEncryptionEnabled", "AuthTokenEnabled")
		if e := object(c, "ConfigurationEndpoint"); e != nil {
			r.Observed["ConfigurationEndpoint"] = endpoint(e)
			p["Port"] = e["Port"]
		}
		for n := range objects(c["CacheNodes"]) {
			if e := object(n, "Endpoint"); e != nil && c["Engine"] != "memcached" {
				r.Observed["RedisEndpoint"] = endpoint(e)
				p["Port"] = e["Port"]
			}
		}
		out = append(out, r)
	}
	return out
}

func readCacheSubnetGroups(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("CacheSubnetGroups") {
		p := take(g, "CacheSubnetGroupName", "Description=CacheSubnetGroupDescription")
		p["SubnetIds"] = pluck(g["Subnets"], "SubnetIdentifier")
		r := resource(str(g, "CacheSubnetGroupName"), p)
		r.ARN = str(g, "ARN")
		r.Observed = take(g, "VpcId")
		out = append(out, r)
	}
	return out
}
