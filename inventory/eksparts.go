package inventory

import "github.com/haetae/haetae"

// eksParts holds what runs in clusters and what it runs as.
var eksParts = []Kind{{
	Type: "AWS::EKS::FargateProfile", Of: "AWS::EKS::Cluster",
	Calls: []Call{
		{
			Op: "eks:ListFargateProfiles", Lists: true, Member: "fargateProfileNames", Param: "clusterName", Each: eksClusters,
			Read: namesInCluster("fargateProfileNames", "FargateProfileName"),
		}, {
			Op: "eks:DescribeFargateProfile", Member: "fargateProfile.fargateProfileArn", Param: "fargateProfileName",
			Each: "eks:ListFargateProfiles fargateProfileNames[]", Params: ofCluster, Gives: []string{"*"}, Read: readFargateProfile,
		},
	},
}, {
	Type: "AWS::EKS::Addon", Of: "AWS::EKS::Cluster",
	Calls: []Call{
		{
			Op: "eks:ListAddons", Lists: true, Member: "addons", Param: "clusterName", Each: eksClusters,
			Read: namesInCluster("addons", "AddonName"),
		}, {
			Op: "eks:DescribeAddon", Member: "addon.addonArn", Param: "addonName", Each: "eks:ListAddons addons[]", Params: ofCluster,
			Gives: []string{"*"}, Read: readAddon,
		},
	},
}, {
	Type: "AWS::EKS::PodIdentityAssociation", Of: "AWS::EKS::Cluster",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "eks:ListPodIdentityAssociations", Lists: true, Member: "associations[].associationArn", Param: "clusterName", Each: eksClusters,
			Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("associations") {
					out = append(out, podIdentity(x))
				}
				return out
			},
		}, {
			Op: "eks:DescribePodIdentityAssociation", Member: "association.associationArn", Param: "associationId",
			Each: "eks:ListPodIdentityAssociations associations[].associationId", Params: ofCluster, Gives: []string{"*"},
			Read: func(a *Answer) []*haetae.Resource {
				x := object(a.Body, "association")
				r := podIdentity(x)
				for k, v := range take(x, "RoleArn=roleArn", "TargetRoleArn=targetRoleArn", "DisableSessionTags=disableSessionTags", "Policy=policy") {
					r.Props[k] = v
				}
				r.Props["Tags"] = tagList(object(x, "tags"))
				for k, v := range take(x, "ExternalId=externalId") {
					r.Observed[k] = v
				}
				return []*haetae.Resource{r}
			},
		},
	},
}}

// namesInCluster reads a list of names of what is in one cluster.
func namesInCluster(member, prop string) func(*Answer) []*haetae.Resource {
	return func(a *Answer) (out []*haetae.Resource) {
		for n := range texts(a.Body[member]) {
			out = append(out, pair(map[string]any{"ClusterName": str(a.Body, "clusterName"), prop: n}, "ClusterName", prop))
		}
		return out
	}
}

// inCluster returns what the answer describes, or what the request named when
// it does not.
func inCluster(a *Answer, x, props map[string]any, member, prop string) *haetae.Resource {
	for _, from := range []map[string]any{a.Body, x} {
		for k, v := range take(from, "ClusterName=clusterName", prop+"="+member) {
			props[k] = v
		}
	}
	return pair(props, "ClusterName", prop)
}

func readFargateProfile(a *Answer) []*haetae.Resource {
	x := object(a.Body, "fargateProfile")
	p := take(x, "PodExecutionRoleArn=podExecutionRoleArn", "Subnets=subnets")
	selectors := []any{}
	for s := range objects(x["selectors"]) {
		m := take(s, "Namespace=namespace")
		labels := tagList(object(s, "labels"))
		if len(labels) > 0 {
			m["Labels"] = labels
		}
		selectors = append(selectors, m)
	}
	p["Selectors"] = selectors
	p["Tags"] = tagList(object(x, "tags"))
	r := inCluster(a, x, p, "fargateProfileName", "FargateProfileName")
	r.ARN = str(x, "fargateProfileArn")
	r.Observed = take(x, "Arn=fargateProfileArn")
	return []*haetae.Resource{r}
}

func readAddon(a *Answer) []*haetae.Resource {
	x := object(a.Body, "addon")
	p := take(x, "AddonVersion=addonVersion", "ServiceAccountRoleArn=serviceAccountRoleArn", "ConfigurationValues=configurationValues",
		"NamespaceConfig.Namespace=namespaceConfig.namespace")
	p["Tags"] = tagList(object(x, "tags"))
	r := inCluster(a, x, p, "addonName", "AddonName")
	r.ARN = str(x, "addonArn")
	r.Observed = take(x, "Arn=addonArn")
	return []*haetae.Resource{r}
}

func podIdentity(x map[string]any) *haetae.Resource {
	r := byARN(str(x, "associationArn"), take(x, "ClusterName=clusterName", "Namespace=namespace", "ServiceAccount=serviceAccount"))
	r.Observed = take(x, "AssociationArn=associationArn", "AssociationId=associationId")
	return r
}
