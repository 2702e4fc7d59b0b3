package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const (
	vaultNames = "backup:ListBackupVaults BackupVaultList[].BackupVaultName"
	planIDs    = "backup:ListBackupPlans BackupPlansList[].BackupPlanId"
)

// backup holds vaults, what goes into them and what is in them.
var backup = []Kind{{
	Type: "AWS::Backup::BackupVault", Finish: tagsIn("BackupVaultTags"),
	ARN: "arn:${Partition}:backup:${Region}:${Account}:backup-vault:${ID}",
	Calls: []Call{
		{Op: "backup:ListBackupVaults", Lists: true, Member: "BackupVaultList", Gives: []string{"*"}, Read: readVaults},
		{
			Op: "backup:GetBackupVaultAccessPolicy", Member: "Policy", Param: "BackupVaultName", Each: vaultNames, Absent: notFound,
			Gives: []string{"AccessPolicy"}, Read: func(a *Answer) []*haetae.Resource {
				return vault(a, map[string]any{"AccessPolicy": policy(a.Body["Policy"])})
			},
		}, {
			Op: "backup:GetBackupVaultNotifications", Member: "BackupVaultEvents", Param: "BackupVaultName", Each: vaultNames, Absent: notFound,
			Gives: []string{"Notifications"}, Read: func(a *Answer) []*haetae.Resource {
				return vault(a, map[string]any{"Notifications": take(a.Body, "SNSTopicArn", "BackupVaultEvents")})
			},
		},
		backupTags("backup:ListBackupVaults BackupVaultList[].BackupVaultArn", ":backup-vault:", "BackupVaultTags"),
	},
}, {
	Type: "AWS::Backup::BackupPlan", Finish: tagsIn("BackupPlanTags"),
	ARN: "arn:${Partition}:backup:${Region}:${Account}:backup-plan:${ID}",
	Calls: []Call{
		{
			Op: "backup:ListBackupPlans", Lists: true, Member: "BackupPlansList", Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("BackupPlansList") {
					out = append(out, backupPlan(x, map[string]any{"BackupPlan": take(x, "BackupPlanName")}))
				}
				return out
			},
		}, {
			Op: "backup:GetBackupPlan", Member: "BackupPlan", Param: "BackupPlanId", Each: planIDs, Gives: []string{"*", "BackupPlan.BackupPlanRule"},
			Read: func(a *Answer) []*haetae.Resource { return []*haetae.Resource{readPlan(a)} },
		},
		backupTags("backup:ListBackupPlans BackupPlansList[].BackupPlanArn", ":backup-plan:", "BackupPlanTags"),
	},
}, {
	Type: "AWS::Backup::BackupSelection", Of: "AWS::Backup::BackupPlan",
	Calls: []Call{
		{
			Op: "backup:ListBackupSelections", Lists: true, Member: "BackupSelectionsList", Param: "BackupPlanId", Each: planIDs,
			Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("BackupSelectionsList") {
					out = append(out, backupSelection(x, take(x, "SelectionName", "IamRoleArn")))
				}
				return out
			},
		}, {
			Op: "backup:GetBackupSelection", Member: "BackupSelection", Param: "SelectionId",
			Each: "backup:ListBackupSelections BackupSelectionsList[].SelectionId", Params: map[string]any{"BackupPlanId": "${Grandparent}"},
			Gives: []string{"*", "BackupSelection.Resources", "BackupSelection.NotResources", "BackupSelection.ListOfTags", "BackupSelection.Conditions"},
			Read: func(a *Answer) []*haetae.Resource {
				s := object(a.Body, "BackupSelection")
				return []*haetae.Resource{backupSelection(a.Body, take(s, "SelectionName", "IamRoleArn", "Resources", "NotResources", "ListOfTags", "Conditions"))}
			},
		},
	},
}, {
	Type: "AWS::Backup::RecoveryPoint", Of: "AWS::Backup::BackupVault",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "backup:ListRecoveryPointsByBackupVault", Lists: true, Member: "RecoveryPoints[].ResourceArn", Param: "BackupVaultName",
			Each: vaultNames, Gives: []string{"*"}, Read: readRecoveryPoints,
		}, {
			// Of one resource, with fewer members.
			Op: "backup:ListRecoveryPointsByResource", Member: "RecoveryPoints[].RecoveryPointArn", Param: "ResourceArn", Other: true,
			Read: readRecoveryPoints,
		},
	},
}}

// vault returns the vault that the request or the answer named.
func vault(a *Answer, props map[string]any) []*haetae.Resource {
	return []*haetae.Resource{resource(last(str(a.Body, "BackupVaultName")), props)}
}

// backupTags is the call for the tags of what has a certain part in its ARN.
func backupTags(each, in, prop string) Call {
	return Call{
		Op: "backup:ListTags", Param: "ResourceArn", Each: each, Gives: []string{prop},
		Read: func(a *Answer) []*haetae.Resource {
			name := str(a.Body, "ResourceArn")
			_, id, ok := strings.Cut(name, in)
			if !ok {
				return nil
			}
			tags := object(a.Body, "Tags")
			if tags == nil {
				tags = map[string]any{}
			}
			r := resource(id, map[string]any{prop: tags})
			r.ARN = name
			return []*haetae.Resource{r}
		},
	}
}

func readVaults(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("BackupVaultList") {
		p := take(x, "BackupVaultName", "EncryptionKeyArn")
		// A lock with a grace time is a lock that nobody can remove once LockDate
		// has passed; without one those with permission always can.
		if lock := take(x, "MinRetentionDays", "MaxRetentionDays"); x["Locked"] == true || len(lock) > 0 {
			if x["LockDate"] != nil {
				u := hidden("AWS tells the date of the lock, LockDate, and not how many days it was away")
				u.Path = "LockConfiguration.ChangeableForDays"
				lock["ChangeableForDays"] = u
			}
			p["LockConfiguration"] = lock
		}
		r := resource(str(x, "BackupVaultName"), p)
		r.ARN = str(x, "BackupVaultArn")
		r.Observed = take(x, "BackupVaultArn", "Locked", "LockDate", "CreationDate", "NumberOfRecoveryPoints", "VaultType")
		out = append(out, r)
	}
	return out
}

func backupPlan(x, props map[string]any) *haetae.Resource {
	r := resource(str(x, "BackupPlanId"), props)
	r.ARN = str(x, "BackupPlanArn")
	r.Observed = take(x, "BackupPlanId", "BackupPlanArn", "VersionId")
	return r
}

func readPlan(a *Answer) *haetae.Resource {
	plan := object(a.Body, "BackupPlan")
	p := take(plan, "BackupPlanName", "AdvancedBackupSettings", "ScanSettings")
	rules := []any{}
	for x := range objects(plan["Rules"]) {
		rules = append(rules, take(x, "RuleName", "TargetBackupVault=TargetBackupVaultName", "ScheduleExpression", "ScheduleExpressionTimezone",
			"StartWindowMinutes", "CompletionWindowMinutes", "Lifecycle", "CopyActions", "EnableContinuousBackup", "IndexActions",
			"RecoveryPointTags", "ScanActions", "TargetLogicallyAirGappedBackupVaultArn"))
	}
	p["BackupPlanRule"] = rules
	return backupPlan(a.Body, map[string]any{"BackupPlan": p})
}

func backupSelection(x, selection map[string]any) *haetae.Resource {
	p := take(x, "BackupPlanId")
	p["BackupSelection"] = selection
	r := resource(str(x, "SelectionId"), p)
	r.Observed = take(x, "SelectionId")
	return r
}

func readRecoveryPoints(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("RecoveryPoints") {
		r := resource(str(x, "RecoveryPointArn"), nil)
		r.ARN = r.ID
		if strings.Contains(r.ARN, ":ec2:") {
			// The ARNs of images and snapshots name no account.
			r.Account = a.Account
		}
		r.Observed = take(x, "RecoveryPointArn", "BackupVaultName", "BackupVaultArn", "SourceBackupVaultArn", "ResourceArn", "ResourceType",
			"IsEncrypted", "EncryptionKeyArn", "Status", "CreationDate", "CompletionDate", "Lifecycle.MoveToColdStorageAfterDays=Lifecycle.MoveToColdStorageAfterDays",
			"Lifecycle.DeleteAfterDays=Lifecycle.DeleteAfterDays", "CalculatedLifecycle", "IamRoleArn", "BackupSizeInBytes")
		if n := x["BackupSizeBytes"]; n != nil {
			r.Observed["BackupSizeInBytes"] = n
		}
		if arn := str(a.Body, "ResourceArn"); arn != "" && r.Observed["ResourceArn"] == nil {
			r.Observed["ResourceArn"] = arn
		}
		if name := str(a.Body, "BackupVaultName"); name != "" && r.Observed["BackupVaultName"] == nil {
			r.Observed["BackupVaultName"] = name
		}
		r.Volatile = take(x, "LastRestoreTime")
		out = append(out, r)
	}
	return out
}

// backupSetting is the setting of a region that says what may be backed up.
func backupSetting() Call {
	return regionSetting("backup:DescribeRegionSettings", "ResourceTypeOptInPreference", "BackupResourceTypeOptIn=ResourceTypeOptInPreference")
}
