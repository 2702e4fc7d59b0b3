package inventory

import "github.com/haetae/haetae"

// emr holds clusters that are running: those that ended are listed for months.
var emr = []Kind{{
	Type: "AWS::EMR::Cluster",
	ARN:  "arn:${Partition}:elasticmapreduce:${Region}:${Account}:cluster/${ID}",
	Calls: []Call{
		{
			Op: "emr:ListClusters", Actions: []string{"elasticmapreduce:ListClusters"}, Lists: true, Member: "Clusters[].Status",
			Params: map[string]any{"ClusterStates": []any{"STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"}}, Read: reading{
				member: "Clusters", id: "Id", arn: "ClusterArn", props: []string{"Name"}, observed: []string{"Id"},
				state: "Status.State", gone: []string{"TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS"},
			}.read,
		}, {
			Op: "emr:DescribeCluster", Actions: []string{"elasticmapreduce:DescribeCluster"}, Member: "Cluster.Id", Param: "ClusterId",
			Each: "emr:ListClusters Clusters[].Id", Gives: []string{"*"}, Read: readCluster,
		},
	},
}}

// readCluster leaves out how a cluster is signed in to, which holds passwords.
func readCluster(a *Answer) []*haetae.Resource {
	x := object(a.Body, "Cluster")
	p := take(x, "Name", "ReleaseLabel", "ServiceRole", "AutoScalingRole", "LogUri", "LogEncryptionKmsKeyId", "SecurityConfiguration", "VisibleToAllUsers", "CustomAmiId",
		"OSReleaseLabel", "ScaleDownBehavior", "StepConcurrencyLevel", "EbsRootVolumeSize", "EbsRootVolumeIops", "EbsRootVolumeThroughput", "Tags",
		"JobFlowRole=Ec2InstanceAttributes.IamInstanceProfile")
	in := take(object(x, "Ec2InstanceAttributes"), "Ec2KeyName", "Ec2SubnetId", "EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup",
		"ServiceAccessSecurityGroup", "AdditionalMasterSecurityGroups", "AdditionalSlaveSecurityGroups")
	if v := x["TerminationProtected"]; v != nil {
		in["TerminationProtected"] = v
	}
	p["Instances"] = in
	if k := object(x, "KerberosAttributes"); len(k) > 0 {
		p["KerberosAttributes"] = hidden("it holds passwords, and haetae does not keep it")
	}
	id := str(x, "Id")
	if id == "" {
		id = str(a.Body, "ClusterId")
	}
	r := resource(id, p)
	r.ARN = str(x, "ClusterArn")
	r.Observed = take(x, "Id", "MasterPublicDNS=MasterPublicDnsName", "State=Status.State")
	return []*haetae.Resource{r}
}
