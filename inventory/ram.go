package inventory

import (
	"maps"
	"slices"

	"github.com/haetae/haetae"
)

// activeShares are the shares that were not deleted; those of others are among
// them.
const activeShares = "ram:GetResourceShares resourceShares[?status=='ACTIVE'].resourceShareArn"

// ram holds what accounts share with each other: the account's own shares, and
// those of others that reach it. Of the latter only the owner knows with whom
// else they are shared.
var ram = []Kind{{
	Type: "AWS::RAM::ResourceShare",
	ARN:  "${ID}",
	Calls: []Call{
		{
			Op: "ram:GetResourceShares", Lists: true, Member: "resourceShares", Params: map[string]any{"resourceOwner": "SELF"}, Gives: []string{"*"},
			Read: resourceShares("SELF"),
		}, {
			Op: "ram:GetResourceShares", Lists: true, Member: "resourceShares", Params: map[string]any{"resourceOwner": "OTHER-ACCOUNTS"}, Gives: []string{"*"},
			Read: resourceShares("OTHER-ACCOUNTS"),
		},
		shareAssociations("RESOURCE", "ResourceArns"),
		shareAssociations("PRINCIPAL", "Principals"),
		{
			Op: "ram:ListResources", Member: "resources[].resourceShareArn", Params: map[string]any{"resourceOwner": "OTHER-ACCOUNTS"}, Joins: true,
			Read: func(a *Answer) []*haetae.Resource { return byShare(a, "resources", "arn", "ResourceArns") },
		}, {
			Op: "ram:ListResourceSharePermissions", Member: "permissions[].resourceType", Param: "resourceShareArn", Each: activeShares,
			Gives: []string{"PermissionArns", "Observed.Permissions"}, Read: folds("resourceShareArn", func(a *Answer) (props, observed map[string]any) {
				list := []any{}
				for x := range a.each("permissions") {
					list = append(list, take(x, "Arn=arn", "Version=version", "ResourceType=resourceType", "DefaultVersion=defaultVersion"))
				}
				return map[string]any{"PermissionArns": pluck(a.Body["permissions"], "arn")}, map[string]any{"Permissions": list}
			}),
		},
	},
}, {
	// Permissions of AWS are read where a share has them.
	Type: "AWS::RAM::Permission",
	ARN:  "${ID}",
	Calls: []Call{
		{
			Op: "ram:ListPermissions", Lists: true, Member: "permissions[].isResourceTypeDefault", Params: map[string]any{"permissionType": "CUSTOMER_MANAGED"},
			Read: ramPermission("permissions"),
		},
		silent("ram:ListResourceSharePermissions", "resourceShareArn", activeShares, nil),
		{
			Op: "ram:GetPermission", Member: "permission.permission", Param: "permissionArn",
			Each: "ram:ListPermissions permissions[].arn; ram:ListResourceSharePermissions permissions[].arn", Gives: []string{"*"}, Read: ramPermission("permission"),
		},
	},
}}

// resourceShares reads the account's shares, or those of others.
func resourceShares(owner string) func(*Answer) []*haetae.Resource {
	return reading{
		member: "resourceShares", id: "resourceShareArn", arn: "resourceShareArn", account: "owningAccountId", camel: true,
		props: []string{"name", "allowExternalPrincipals", "resourceShareConfiguration", "tags"},
		observed: []string{"Arn=resourceShareArn", "OwningAccountId=owningAccountId", "Status=status", "FeatureSet=featureSet",
			"CreationTime=creationTime", "LastUpdatedTime=lastUpdatedTime"},
		state: "status", gone: []string{"DELETED"},
		more: func(_ *Answer, _ map[string]any, r *haetae.Resource) {
			if owner == "SELF" {
				return
			}
			r.Props["ResourceArns"] = elsewhere("ResourceArns", "ram:ListResources")
			r.Props["Principals"] = &haetae.Unknown{
				Path: "Principals", Reason: haetae.NotAsked, Actions: []string{"ram:GetResourceShareAssociations"},
				Detail: "only the account that owns the share is told with whom it is shared",
			}
		},
	}.read
}

// shareAssociations is the call for what the account's own shares share, or
// with whom.
func shareAssociations(kind, prop string) Call {
	return Call{
		Op: "ram:GetResourceShareAssociations", Member: "resourceShareAssociations[].associationType", Params: map[string]any{"associationType": kind}, Joins: true,
		Gives: []string{prop}, Unset: func() map[string]any { return map[string]any{prop: []any{}} },
		Read: func(a *Answer) []*haetae.Resource {
			list := []any{}
			for x := range a.each("resourceShareAssociations") {
				if s := str(x, "status"); str(x, "associationType") == kind && s != "DISASSOCIATED" && s != "FAILED" {
					list = append(list, x)
				}
			}
			return byShare(&Answer{Body: map[string]any{"of": list}}, "of", "associatedEntity", prop)
		},
	}
}

// byShare gathers one member of the items of a list by the share that they name.
func byShare(a *Answer, list, member, prop string) (out []*haetae.Resource) {
	of := map[string][]any{}
	for x := range a.each(list) {
		if share, v := str(x, "resourceShareArn"), str(x, member); share != "" && v != "" {
			of[share] = append(of[share], v)
		}
	}
	for _, share := range slices.Sorted(maps.Keys(of)) {
		out = append(out, byARN(share, map[string]any{prop: of[share]}))
	}
	return out
}

func ramPermission(member string) func(*Answer) []*haetae.Resource {
	return reading{
		member: member, id: "arn", arn: "arn", props: []string{"Name=name", "ResourceType=resourceType"},
		observed: []string{"Arn=arn", "Version=version", "PermissionType=permissionType", "IsResourceTypeDefault=isResourceTypeDefault"},
		state:    "status", gone: []string{"DELETED"},
		more: func(_ *Answer, x map[string]any, r *haetae.Resource) {
			if d := x["permission"]; d != nil {
				r.Props["PolicyTemplate"] = policy(d)
			}
			if t, ok := pascal(x["tags"]).([]any); ok {
				r.Props["Tags"] = t
			}
		},
	}.read
}
