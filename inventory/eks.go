package inventory

import (
	"cmp"

	"github.com/haetae/haetae"
)

const (
	eksClusters   = "eks:ListClusters clusters[]"
	accessEntries = "eks:ListAccessEntries accessEntries[]"
)

// ofCluster names the cluster of what is listed cluster by cluster.
var ofCluster = map[string]any{"clusterName": "${Grandparent}"}

// eks holds clusters, their groups of nodes, and who may sign in to them.
var eks = []Kind{{
	Type: "AWS::EKS::Cluster",
	ARN:  "arn:${Partition}:eks:${Region}:${Account}:cluster/${ID}",
	Calls: []Call{
		{
			Op: "eks:ListClusters", Lists: true, Member: "clusters", Read: func(a *Answer) (out []*haetae.Resource) {
				for n := range texts(a.Body["clusters"]) {
					out = append(out, resource(n, map[string]any{"Name": n}))
				}
				return out
			},
		}, {
			Op: "eks:DescribeCluster", Member: "cluster.arn", Param: "name", Each: eksClusters, Gives: []string{"*"},
			Read: readEKSCluster,
		},
	},
}, {
	Type: "AWS::EKS::Nodegroup", Of: "AWS::EKS::Cluster",
	Calls: []Call{
		{
			Op: "eks:ListNodegroups", Lists: true, Member: "nodegroups", Param: "clusterName", Each: eksClusters,
			Read: func(a *Answer) (out []*haetae.Resource) {
				for n := range texts(a.Body["nodegroups"]) {
					out = append(out, nodegroup(str(a.Body, "clusterName"), n, map[string]any{}))
				}
				return out
			},
		}, {
			Op: "eks:DescribeNodegroup", Member: "nodegroup.nodegroupArn", Param: "nodegroupName",
			Each: "eks:ListNodegroups nodegroups[]", Params: ofCluster,
			Gives: []string{"*"}, Read: readNodegroup,
		},
	},
}, {
	Type: "AWS::EKS::AccessEntry", Of: "AWS::EKS::Cluster",
	Calls: []Call{
		{
			Op: "eks:ListAccessEntries", Lists: true, Member: "accessEntries", Param: "clusterName", Each: eksClusters,
			Read: func(a *Answer) (out []*haetae.Resource) {
				for n := range texts(a.Body["accessEntries"]) {
					out = append(out, accessEntry(str(a.Body, "clusterName"), n, map[string]any{}))
				}
				return out
			},
		}, {
			Op: "eks:DescribeAccessEntry", Member: "accessEntry.accessEntryArn", Param: "principalArn",
			Each: accessEntries, Params: ofCluster,
			Gives: []string{"*"}, Read: readAccessEntry,
		}, {
			Op: "eks:ListAssociatedAccessPolicies", Member: "associatedAccessPolicies", Param: "principalArn",
			Each: accessEntries, Params: ofCluster,
			Gives: []string{"AccessPolicies"}, Read: readAccessPolicies,
		},
	},
}}

func readEKSCluster(a *Answer) []*haetae.Resource {
	c := object(a.Body, "cluster")
	p := pascalObject(take(c, "name", "version", "roleArn", "kubernetesNetworkConfig", "encryptionConfig", "accessConfig", "upgradePolicy",
		"zonalShiftConfig", "deletionProtection", "computeConfig", "storageConfig", "remoteNetworkConfig", "outpostConfig",
		"controlPlaneScalingConfig"))
	vpc := object(c, "resourcesVpcConfig")
	if vpc != nil {
		p["ResourcesVpcConfig"] = pascal(take(vpc, "subnetIds", "securityGroupIds", "endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"))
	}
	types := []any{}
	for l := range objects(get(c, "logging.clusterLogging")) {
		for t := range texts(l["types"]) {
			if l["enabled"] == true {
				types = append(types, map[string]any{"Type": t})
			}
		}
	}
	p["Logging"] = map[string]any{"ClusterLogging": map[string]any{"EnabledTypes": types}}
	p["Tags"] = tagList(object(c, "tags"))
	r := resource(str(c, "name"), p)
	r.ARN = str(c, "arn")
	r.Observed = take(c, "Arn=arn", "Endpoint=endpoint", "Status=status", "PlatformVersion=platformVersion", "CreatedAt=createdAt",
		"OidcIssuer=identity.oidc.issuer", "OpenIdConnectIssuerUrl=identity.oidc.issuer", "CertificateAuthorityData=certificateAuthority.data",
		"ClusterSecurityGroupId=resourcesVpcConfig.clusterSecurityGroupId", "ClusterVpcId=resourcesVpcConfig.vpcId")
	for e := range objects(c["encryptionConfig"]) {
		if k := str(e, "provider.keyArn"); k != "" {
			r.Observed["EncryptionConfigKeyArn"] = k
		}
	}
	return []*haetae.Resource{r}
}

func nodegroup(cluster, name string, props map[string]any) *haetae.Resource {
	props["ClusterName"], props["NodegroupName"] = cluster, name
	if cluster == "" || name == "" {
		return resource("", nil)
	}
	return resource(cluster+"/"+name, props)
}

func readNodegroup(a *Answer) []*haetae.Resource {
	g := object(a.Body, "nodegroup")
	p := pascalObject(take(g, "amiType", "capacityType", "diskSize", "instanceTypes", "labels", "launchTemplate", "nodeRepairConfig",
		"nodeRole", "releaseVersion", "remoteAccess", "scalingConfig", "subnets", "tags", "taints", "updateConfig", "version"), "labels", "tags")
	r := nodegroup(cmp.Or(str(g, "clusterName"), str(a.Body, "clusterName")), cmp.Or(str(g, "nodegroupName"), str(a.Body, "nodegroupName")), p)
	r.ARN = str(g, "nodegroupArn")
	r.Observed = take(g, "Arn=nodegroupArn", "Status=status", "CreatedAt=createdAt")
	r.Observed["AutoScalingGroups"] = pluck(get(g, "resources.autoScalingGroups"), "name")
	return []*haetae.Resource{r}
}

func accessEntry(cluster, principal string, props map[string]any) *haetae.Resource {
	props["ClusterName"], props["PrincipalArn"] = cluster, principal
	return pair(props, "PrincipalArn", "ClusterName")
}

func readAccessEntry(a *Answer) []*haetae.Resource {
	e := object(a.Body, "accessEntry")
	p := pascalObject(take(e, "kubernetesGroups", "type", "username"))
	p["Tags"] = tagList(object(e, "tags"))
	r := accessEntry(cmp.Or(str(e, "clusterName"), str(a.Body, "clusterName")), cmp.Or(str(e, "principalArn"), str(a.Body, "principalArn")), p)
	r.ARN = str(e, "accessEntryArn")
	r.Observed = take(e, "AccessEntryArn=accessEntryArn")
	return []*haetae.Resource{r}
}

func readAccessPolicies(a *Answer) []*haetae.Resource {
	list := []any{}
	for x := range a.each("associatedAccessPolicies") {
		list = append(list, pascal(take(x, "policyArn", "accessScope")))
	}
	return []*haetae.Resource{accessEntry(str(a.Body, "clusterName"), str(a.Body, "principalArn"), map[string]any{"AccessPolicies": list})}
}
