package inventory

import "github.com/haetae/haetae"

// agents holds what runs on behalf of models, each with a role: agents of
// Bedrock, and the runtimes and code interpreters of AgentCore.
var agents = []Kind{{
	Type: "AWS::Bedrock::Agent", Name: "AgentName",
	ARN: "arn:${Partition}:bedrock:${Region}:${Account}:agent/${ID}",
	Calls: []Call{
		{
			Op: "bedrock-agent:ListAgents", Actions: []string{"bedrock:ListAgents"}, Lists: true, Member: "agentSummaries", Read: reading{
				member: "agentSummaries", id: "agentId", props: []string{"AgentName=agentName"}, observed: []string{"AgentId=agentId", "AgentStatus=agentStatus"},
				state: "agentStatus", gone: []string{"DELETING"},
			}.read,
		}, {
			Op: "bedrock-agent:GetAgent", Actions: []string{"bedrock:GetAgent"}, Member: "agent.agentId", Param: "agentId",
			Each: "bedrock-agent:ListAgents agentSummaries[].agentId", Gives: []string{"*"}, Read: reading{
				member: "agent", id: "agentId", arn: "agentArn", camel: true, props: []string{"agentName", "agentResourceRoleArn", "foundationModel", "description",
					"customerEncryptionKeyArn", "idleSessionTTLInSeconds", "orchestrationType", "agentCollaboration", "guardrailConfiguration"},
				observed: []string{"AgentId=agentId", "AgentArn=agentArn", "AgentStatus=agentStatus", "AgentVersion=agentVersion"},
				more: func(_ *Answer, _ map[string]any, r *haetae.Resource) {
					r.Props["ActionGroups"] = elsewhere("ActionGroups", "bedrock:ListAgentActionGroups")
					r.Props["KnowledgeBases"] = elsewhere("KnowledgeBases", "bedrock:ListAgentKnowledgeBases")
					r.Props["Tags"] = elsewhere("Tags", "bedrock:ListTagsForResource")
				},
			}.read,
		},
	},
}, {
	Type: "AWS::BedrockAgentCore::Runtime", Name: "AgentRuntimeName",
	ARN: "arn:${Partition}:bedrock-agentcore:${Region}:${Account}:runtime/${ID}",
	Calls: []Call{
		{
			Op: "bedrock-agentcore-control:ListAgentRuntimes", Actions: []string{"bedrock-agentcore:ListAgentRuntimes"}, Lists: true, Member: "agentRuntimes", Read: reading{
				member: "agentRuntimes", id: "agentRuntimeId", arn: "agentRuntimeArn", props: []string{"AgentRuntimeName=agentRuntimeName"},
				observed: []string{"AgentRuntimeId=agentRuntimeId", "AgentRuntimeArn=agentRuntimeArn", "Status=status"}, state: "status", gone: []string{"DELETING"},
			}.read,
		}, {
			Op: "bedrock-agentcore-control:GetAgentRuntime", Actions: []string{"bedrock-agentcore:GetAgentRuntime"}, Member: "agentRuntimeName", Param: "agentRuntimeId",
			Each: "bedrock-agentcore-control:ListAgentRuntimes agentRuntimes[].agentRuntimeId", Gives: []string{"*"}, Read: readRuntime,
		},
	},
}, {
	Type: "AWS::BedrockAgentCore::CodeInterpreterCustom", Name: "Name",
	ARN: "arn:${Partition}:bedrock-agentcore:${Region}:${Account}:code-interpreter-custom/${ID}",
	Calls: []Call{
		{
			Op: "bedrock-agentcore-control:ListCodeInterpreters", Actions: []string{"bedrock-agentcore:ListCodeInterpreters"}, Lists: true, Member: "codeInterpreterSummaries",
			Params: map[string]any{"type": "CUSTOM"}, Read: reading{
				member: "codeInterpreterSummaries", id: "codeInterpreterId", arn: "codeInterpreterArn", props: []string{"Name=name"},
				observed: []string{"CodeInterpreterId=codeInterpreterId", "CodeInterpreterArn=codeInterpreterArn", "Status=status"},
				state:    "status", gone: []string{"DELETING", "DELETED"},
			}.read,
		}, {
			Op: "bedrock-agentcore-control:GetCodeInterpreter", Actions: []string{"bedrock-agentcore:GetCodeInterpreter"}, Member: "codeInterpreterArn", Param: "codeInterpreterId",
			Each: "bedrock-agentcore-control:ListCodeInterpreters codeInterpreterSummaries[].codeInterpreterId", Gives: []string{"*"}, Read: reading{
				id: "codeInterpreterId", arn: "codeInterpreterArn", props: []string{"Name=name", "Description=description", "ExecutionRoleArn=executionRoleArn"},
				observed: []string{"CodeInterpreterId=codeInterpreterId", "CodeInterpreterArn=codeInterpreterArn", "Status=status"},
				more: func(_ *Answer, x map[string]any, r *haetae.Resource) {
					if n := object(x, "networkConfiguration"); n != nil {
						r.Props["NetworkConfiguration"] = take(n, "NetworkMode=networkMode", "VpcConfig.SecurityGroups=vpcConfig.securityGroups", "VpcConfig.Subnets=vpcConfig.subnets")
					}
					r.Props["Tags"] = elsewhere("Tags", "bedrock-agentcore:ListTagsForResource")
				},
			}.read,
		},
	},
}}

func readRuntime(a *Answer) []*haetae.Resource {
	p := take(a.Body, "AgentRuntimeName=agentRuntimeName", "Description=description", "RoleArn=roleArn",
		"AgentRuntimeArtifact.ContainerConfiguration.ContainerUri=agentRuntimeArtifact.containerConfiguration.containerUri",
		"NetworkConfiguration.NetworkMode=networkConfiguration.networkMode",
		"NetworkConfiguration.NetworkModeConfig.SecurityGroups=networkConfiguration.networkModeConfig.securityGroups",
		"NetworkConfiguration.NetworkModeConfig.Subnets=networkConfiguration.networkModeConfig.subnets")
	if env := object(a.Body, "environmentVariables"); env != nil {
		p["EnvironmentVariables"] = hiddenValues(a, env)
	}
	p["Tags"] = elsewhere("Tags", "bedrock-agentcore:ListTagsForResource")
	if auth := object(a.Body, "authorizerConfiguration"); auth != nil {
		p["AuthorizerConfiguration"] = map[string]any{"CustomJWTAuthorizer": take(object(auth, "customJWTAuthorizer"),
			"DiscoveryUrl=discoveryUrl", "AllowedAudience=allowedAudience", "AllowedClients=allowedClients", "AllowedScopes=allowedScopes")}
	}
	r := resource(str(a.Body, "agentRuntimeId"), p)
	r.ARN = str(a.Body, "agentRuntimeArn")
	r.Observed = take(a.Body, "AgentRuntimeId=agentRuntimeId", "AgentRuntimeArn=agentRuntimeArn", "Status=status", "AgentRuntimeVersion=agentRuntimeVersion")
	return []*haetae.Resource{r}
}
