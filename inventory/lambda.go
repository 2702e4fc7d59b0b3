package inventory

import "github.com/haetae/haetae"

const functionNames = "lambda:ListFunctions Functions[].FunctionName"

// notFound is the code by which newer services say that something is not set.
var notFound = []string{"ResourceNotFoundException"}

// lambda holds functions.
var lambda = []Kind{{
	Type: "AWS::Lambda::Function",
	ARN:  "arn:${Partition}:lambda:${Region}:${Account}:function:${ID}",
	Calls: []Call{
		{
			Op: "lambda:ListFunctions", Lists: true, Member: "Functions[].FunctionArn", Gives: []string{"*"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for f := range a.each("Functions") {
					out = append(out, functionOf(a, f))
				}
				return out
			},
		}, {
			Op: "lambda:GetFunction", Member: "Configuration.FunctionName", Param: "FunctionName", Each: functionNames,
			Gives: []string{"*", "Tags", "Code", "ReservedConcurrentExecutions", "Observed.State"}, Read: readFunction,
		}, {
			Op: "lambda:GetFunctionConfiguration", Member: "FunctionArn", Param: "FunctionName", Other: true,
			Gives: []string{"*", "Observed.State"},
			Read:  func(a *Answer) []*haetae.Resource { return []*haetae.Resource{functionOf(a, a.Body)} },
		}, {
			Op: "lambda:GetPolicy", Member: "Policy", Param: "FunctionName", Each: functionNames, Absent: notFound,
			Gives: []string{"PolicyDocument"}, Read: func(a *Answer) []*haetae.Resource {
				if str(a.Body, "Qualifier") != "" {
					return nil // of an alias
				}
				return functionProps(a, map[string]any{"PolicyDocument": policy(a.Body["Policy"])})
			},
		}, {
			Op: "lambda:ListFunctionUrlConfigs", Member: "FunctionUrlConfigs", Param: "FunctionName", Each: functionNames,
			Gives: []string{"Urls"}, Read: readURLs,
		}, {
			Op: "lambda:GetFunctionUrlConfig", Member: "FunctionUrl", Param: "FunctionName", Other: true, Absent: notFound,
			Gives: []string{"Urls"}, Read: func(a *Answer) []*haetae.Resource {
				return functionProps(a, map[string]any{"Urls": []any{urlOf(a.Body)}})
			},
		}, {
			Op: "lambda:ListCodeSigningConfigs", Member: "CodeSigningConfigs", Read: func(*Answer) []*haetae.Resource { return nil },
		}, {
			// Few accounts have such a configuration, and many have many functions.
			Op: "lambda:ListFunctionsByCodeSigningConfig", Member: "FunctionArns", Param: "CodeSigningConfigArn", Turned: true,
			Each:  "lambda:ListCodeSigningConfigs CodeSigningConfigs[].CodeSigningConfigArn",
			Gives: []string{"CodeSigningConfigArn"}, Unset: func() map[string]any { return map[string]any{"CodeSigningConfigArn": nil} },
			Read: func(a *Answer) (out []*haetae.Resource) {
				for arn := range texts(a.Body["FunctionArns"]) {
					out = append(out, resource(last(arn), take(a.Body, "CodeSigningConfigArn")))
				}
				return out
			},
		}, {
			Op: "lambda:GetFunctionCodeSigningConfig", Member: "CodeSigningConfigArn", Param: "FunctionName", Other: true, Each: functionNames,
			Absent: notFound, Gives: []string{"CodeSigningConfigArn"}, Read: func(a *Answer) []*haetae.Resource {
				return functionProps(a, take(a.Body, "CodeSigningConfigArn"))
			},
		}, {
			Op: "lambda:GetFunctionConcurrency", Param: "FunctionName", Other: true,
			Gives: []string{"ReservedConcurrentExecutions"}, Read: func(a *Answer) []*haetae.Resource {
				return functionProps(a, take(a.Body, "ReservedConcurrentExecutions"))
			},
		},
	},
}}

// functionProps returns a function that may be named by name or by ARN.
func functionProps(a *Answer, props map[string]any) []*haetae.Resource {
	return []*haetae.Resource{resource(last(str(a.Body, "FunctionName")), props)}
}

func functionOf(a *Answer, f map[string]any) *haetae.Resource {
	p := take(f, "FunctionName", "Runtime", "Role", "Handler", "Description", "Timeout", "MemorySize", "PackageType",
		"Architectures", "DeadLetterConfig", "EphemeralStorage", "FileSystemConfigs", "KmsKeyArn=KMSKeyArn", "LoggingConfig",
		"ImageConfig=ImageConfigResponse.ImageConfig", "SnapStart.ApplyOn", "TracingConfig", "TenancyConfig",
		"RuntimeManagementConfig.RuntimeVersionArn=RuntimeVersionConfig.RuntimeVersionArn")
	delete(p, "RuntimeManagementConfig")
	if v := object(f, "VpcConfig"); v != nil {
		subnets, _ := v["SubnetIds"].([]any)
		if len(subnets) > 0 {
			p["VpcConfig"] = take(v, "SubnetIds", "SecurityGroupIds", "Ipv6AllowedForDualStack")
		}
	}
	if l := pluck(f["Layers"], "Arn"); len(l) > 0 {
		p["Layers"] = l
	}
	if vars := object(f, "Environment.Variables"); vars != nil {
		hidden := map[string]any{}
		for k, v := range vars {
			if s, ok := v.(string); ok {
				hidden[k] = a.Secret("environment", s)
			}
		}
		p["Environment"] = map[string]any{"Variables": hidden}
	}
	r := resource(str(f, "FunctionName"), p)
	r.ARN = str(f, "FunctionArn")
	r.Observed = take(f, "Arn=FunctionArn", "State", "StateReason", "CodeSha256", "CodeSize", "RevisionId", "SigningJobArn", "SigningProfileVersionArn")
	if v := str(f, "VpcConfig.VpcId"); v != "" {
		r.Observed["VpcId"] = v
	}
	r.Volatile = take(f, "LastModified", "LastUpdateStatus")
	return r
}

// readFunction leaves out Code.Location, a signed link to the code.
func readFunction(a *Answer) []*haetae.Resource {
	r := functionOf(a, object(a.Body, "Configuration"))
	if r.ID == "" {
		r.ID = last(str(a.Body, "FunctionName"))
	}
	tags := object(a.Body, "Tags")
	r.Props["Tags"] = tagList(tags)
	for k, v := range take(a.Body, "Code.ImageUri", "Code.SourceKMSKeyArn", "ReservedConcurrentExecutions=Concurrency.ReservedConcurrentExecutions") {
		r.Props[k] = v
	}
	return []*haetae.Resource{r}
}

func urlOf(u map[string]any) map[string]any {
	return take(u, "AuthType", "Cors", "InvokeMode", "FunctionUrl", "FunctionArn", "TargetFunctionArn=FunctionArn")
}

func readURLs(a *Answer) []*haetae.Resource {
	list := []any{}
	for u := range a.each("FunctionUrlConfigs") {
		list = append(list, urlOf(u))
	}
	return functionProps(a, map[string]any{"Urls": list})
}
