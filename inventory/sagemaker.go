package inventory

import "github.com/haetae/haetae"

// sagemaker holds notebook instances.
var sagemaker = []Kind{{
	Type: "AWS::SageMaker::NotebookInstance", Name: "NotebookInstanceName",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "sagemaker:ListNotebookInstances", Lists: true, Member: "NotebookInstances",
			Read: func(a *Answer) (out []*haetae.Resource) {
				for n := range a.each("NotebookInstances") {
					out = append(out, notebook(n, take(n, "NotebookInstanceName", "InstanceType")))
				}
				return out
			},
		}, {
			Op: "sagemaker:DescribeNotebookInstance", Member: "NotebookInstanceArn", Param: "NotebookInstanceName",
			Each: "sagemaker:ListNotebookInstances NotebookInstances[].NotebookInstanceName", Gives: []string{"*"}, Read: readNotebook,
		}, {
			Op: "sagemaker:ListTags", Member: "Tags[].Key", Param: "ResourceArn",
			Each: "sagemaker:ListNotebookInstances NotebookInstances[].NotebookInstanceArn", Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				arn := str(a.Body, "ResourceArn")
				rs := about(arn, ":notebook-instance/", take(a.Body, "Tags"))
				for _, r := range rs {
					r.ID = arn
				}
				return rs
			},
		},
	},
}}

func notebook(n, props map[string]any) *haetae.Resource {
	r := resource(str(n, "NotebookInstanceArn"), props)
	r.ARN = r.ID
	r.Observed = take(n, "NotebookInstanceArn", "NotebookInstanceStatus", "Url", "CreationTime")
	return r
}

func readNotebook(a *Answer) []*haetae.Resource {
	return []*haetae.Resource{notebook(a.Body, take(a.Body, "NotebookInstanceName", "InstanceType", "SubnetId", "SecurityGroupIds=SecurityGroups",
		"RoleArn", "KmsKeyId", "LifecycleConfigName=NotebookInstanceLifecycleConfigName", "DirectInternetAccess", "VolumeSizeInGB",
		"AcceleratorTypes", "DefaultCodeRepository", "AdditionalCodeRepositories", "RootAccess", "PlatformIdentifier",
		"InstanceMetadataServiceConfiguration"))}
}
