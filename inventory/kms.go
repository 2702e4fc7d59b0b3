package inventory

import "github.com/haetae/haetae"

const kmsKeys = "kms:ListKeys Keys[].KeyId"

// kms holds keys and their aliases.
var kms = []Kind{{
	Type: "AWS::KMS::Key",
	ARN:  "arn:${Partition}:kms:${Region}:${Account}:key/${ID}",
	Calls: []Call{
		{Op: "kms:ListKeys", Lists: true, Member: "Keys[].KeyId", Read: readKeys},
		{
			Op: "kms:DescribeKey", Member: "KeyMetadata", Param: "KeyId", Each: kmsKeys,
			Gives: []string{"*"}, Read: readKey,
		}, {
			Op: "kms:GetKeyPolicy", Member: "Policy", Param: "KeyId", Each: kmsKeys, Params: map[string]any{"PolicyName": "default"},
			Gives: []string{"KeyPolicy"}, Read: func(a *Answer) []*haetae.Resource {
				return keyProps(a, map[string]any{"KeyPolicy": policy(a.Body["Policy"])})
			},
		}, {
			Op: "kms:GetKeyRotationStatus", Member: "KeyRotationEnabled", Param: "KeyId", Each: kmsKeys,
			// Keys that cannot rotate: asymmetric, of a custom store, imported.
			Absent: []string{"UnsupportedOperationException"},
			Gives:  []string{"EnableKeyRotation", "RotationPeriodInDays"}, Read: func(a *Answer) []*haetae.Resource {
				return keyProps(a, take(a.Body, "EnableKeyRotation=KeyRotationEnabled", "RotationPeriodInDays"))
			},
		}, {
			Op: "kms:ListResourceTags", Tags: "list", Member: "Tags[].TagKey", Param: "KeyId", Each: kmsKeys, Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				tags := map[string]any{}
				for t := range a.each("Tags") {
					tags[str(t, "TagKey")] = t["TagValue"]
				}
				return keyProps(a, map[string]any{"Tags": tagList(tags)})
			},
		}, {
			Op: "kms:ListGrants", Member: "Grants[].GrantId", Param: "KeyId", Each: kmsKeys, Gives: []string{"Observed.Grants"},
			Read: func(a *Answer) []*haetae.Resource {
				list := []any{}
				for g := range a.each("Grants") {
					list = append(list, take(g, "GrantId", "Name", "GranteePrincipal", "GranteeServicePrincipal", "RetiringPrincipal",
						"RetiringServicePrincipal", "Operations", "Constraints", "IssuingAccount", "CreationDate"))
				}
				rs := keyProps(a, nil)
				rs[0].Observed = map[string]any{"Grants": list}
				return rs
			},
		},
	},
}, {
	Type: "AWS::KMS::Alias",
	ARN:  "arn:${Partition}:kms:${Region}:${Account}:${ID}",
	Calls: []Call{
		{Op: "kms:ListAliases", Lists: true, Member: "Aliases[].AliasArn", Gives: []string{"*"}, Read: readAliases},
	},
}}

// keyProps returns a key that may be named by ID or by ARN.
func keyProps(a *Answer, props map[string]any) []*haetae.Resource {
	return []*haetae.Resource{resource(last(str(a.Body, "KeyId")), props)}
}

func readKeys(a *Answer) (out []*haetae.Resource) {
	for k := range a.each("Keys") {
		r := resource(str(k, "KeyId"), nil)
		r.ARN = str(k, "KeyArn")
		out = append(out, r)
	}
	return out
}

func readKey(a *Answer) []*haetae.Resource {
	k := object(a.Body, "KeyMetadata")
	p := take(k, "Description", "Enabled", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
	if p["KeySpec"] == nil && k["CustomerMasterKeySpec"] != nil {
		p["KeySpec"] = k["CustomerMasterKeySpec"] // the member's name before 2021
	}
	if d, ok := k["PendingDeletionWindowInDays"]; ok && d != nil {
		p["PendingWindowInDays"] = d
	}
	r := resource(str(k, "KeyId"), p)
	r.ARN, r.Account = str(k, "Arn"), str(k, "AWSAccountId")
	r.Observed = take(k, "Arn", "KeyId", "KeyState", "KeyManager", "CreationDate", "DeletionDate", "ExpirationModel", "ValidTo")
	return []*haetae.Resource{r}
}

func readAliases(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Aliases") {
		r := resource(str(x, "AliasName"), take(x, "AliasName", "TargetKeyId"))
		r.ARN = str(x, "AliasArn")
		out = append(out, r)
	}
	return out
}
