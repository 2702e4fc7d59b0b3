package inventory

import "github.com/haetae/haetae"

const secretARNs = "secretsmanager:ListSecrets SecretList[].ARN"

// secretsmanager holds secrets, of which haetae never asks for the value.
var secretsmanager = []Kind{{
	Type: "AWS::SecretsManager::Secret", Name: "Name",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "secretsmanager:ListSecrets", Lists: true, Member: "SecretList", Gives: []string{"*"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for s := range a.each("SecretList") {
					out = append(out, secretOf(s))
				}
				return out
			},
		}, {
			Op: "secretsmanager:DescribeSecret", Extra: extraDetails, Member: "VersionIdsToStages", Param: "SecretId", Each: secretARNs,
			Gives: []string{"*", "ReplicaRegions"}, Read: readSecret,
		}, {
			// An answer without ResourcePolicy means that there is none.
			Op: "secretsmanager:GetResourcePolicy", Param: "SecretId", Each: secretARNs,
			Gives: []string{"PolicyDocument"}, Read: func(a *Answer) []*haetae.Resource {
				r := resource(str(a.Body, "ARN"), nil)
				if r.ID == "" {
					r.ID = str(a.Body, "SecretId")
				}
				if p := a.Body["ResourcePolicy"]; p != nil {
					r.Props = map[string]any{"PolicyDocument": policy(p)}
				}
				return []*haetae.Resource{r}
			},
		},
	},
}}

func secretOf(s map[string]any) *haetae.Resource {
	p := take(s, "Name", "Description", "KmsKeyId", "Type", "Tags")
	if s["RotationEnabled"] == true {
		p["RotationSchedule"] = take(s, "RotationLambdaARN", "ExternalSecretRotationRoleArn", "ExternalSecretRotationMetadata",
			"RotationRules.AutomaticallyAfterDays=RotationRules.AutomaticallyAfterDays",
			"RotationRules.Duration=RotationRules.Duration", "RotationRules.ScheduleExpression=RotationRules.ScheduleExpression")
	}
	r := resource(str(s, "ARN"), p)
	r.ARN = r.ID
	r.Observed = take(s, "Id=ARN", "CreatedDate", "DeletedDate", "OwningService", "PrimaryRegion")
	// The answer leaves the flag out when rotation was never set up.
	r.Observed["RotationEnabled"] = s["RotationEnabled"] == true
	r.Volatile = take(s, "LastChangedDate", "LastRotatedDate", "LastAccessedDate", "NextRotationDate")
	return r
}

func readSecret(a *Answer) []*haetae.Resource {
	r := secretOf(a.Body)
	if r.ID == "" {
		r.ID = str(a.Body, "SecretId")
	}
	list := []any{}
	for x := range a.each("ReplicationStatus") {
		list = append(list, take(x, "Region", "KmsKeyId"))
	}
	if len(list) > 0 {
		r.Props["ReplicaRegions"] = list
	}
	return []*haetae.Resource{r}
}
