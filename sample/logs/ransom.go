package logs

import "fmt"

// rootKey is the access key of production's root user. The snapshot knows that there is
// one, not its id.
const rootKey = "AKIAROOTACCTKEXAMPLE"

// rootTaken is break-in K: somebody has the root user's key and password, there is no
// MFA, and after the data the backups go. It begins at seven in the morning of
// Korea, on a Sunday if the days are the usual ones, and is over before the day is.
func (w *world) rootTaken(midnight int64) {
	mark := step("K")
	address := newBlocks().vietnam.random(w.r)
	const cli = "aws-cli/1.32.0 Python/3.10.12 Linux/6.8.0-47-generic botocore/1.34.0"
	const python = "Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux#6.8.0-47-generic md/arch#x86_64 lang/python#3.10.12 md/pyimpl#CPython Botocore/1.34.0"
	w.made[rootKey] = true
	key := root(production, rootKey, "")
	at := midnight + 22*hour + 5*minute
	agent := cli
	do := func(wait int64, c call) {
		at += 4*wait + w.r.Int64N(2*wait+1)
		if c.who.json == "" {
			c.who = key
		}
		if c.region == "" {
			c.region = virginia
		}
		if c.agent == "" {
			c.agent = agent
		}
		c.address = address
		w.at(at, func(t int64) { w.call(t, c) })
	}
	put := func(wait int64, c call, to bucketName, name string, size int) {
		at += 3 * wait / 2
		c.who, c.address, c.agent = key, address, python
		w.at(at, func(t int64) { w.object(t, c, to, name, size) })
	}
	on := func(name string) string {
		return object("bucketName", name, "Host", name+".s3.us-east-1.amazonaws.com")
	}

	// In by the key, and by the console, where the password is guessed three times.
	in := mark("the root user is used from a foreign address, without MFA", "T1078.004")
	do(second, call{source: "sts", name: "GetCallerIdentity", mark: in})
	for range 3 {
		at += 20 * second
		w.at(at, func(t int64) { w.login(t, root(production, "", ""), address, browser, false, false, in) })
	}
	at += 30 * second
	w.at(at, func(t int64) { w.login(t, root(production, "", ""), address, browser, false, true, in) })
	console := root(production, "ASIA"+random(w.r, 16, base32), attributes(at, false))

	look := mark("data, backups and keys are listed", "T1580")
	for _, q := range [][2]string{{"s3", "ListBuckets"}, {"rds", "DescribeDBInstances"}, {"rds", "DescribeDBSnapshots"}, {"ec2", "DescribeSnapshots"}, {"backup", "ListBackupVaults"}, {"backup", "ListRecoveryPointsByBackupVault"},
		{"kms", "ListKeys"}, {"kms", "ListAliases"}, {"secretsmanager", "ListSecrets"}, {"cloudtrail", "DescribeTrails"}, {"guardduty", "ListDetectors"}, {"iam", "ListUsers"}, {"organizations", "DescribeOrganization"}} {
		c := call{source: q[0], name: q[1], mark: look}
		if q[1] == "ListRecoveryPointsByBackupVault" {
			c.request = object("backupVaultName", "shop")
		}
		do(3*second, c)
	}
	for _, name := range []string{"haenyeo-customer-exports", "haenyeo-backups", "haenyeo-uploads"} {
		for _, what := range []string{"GetBucketVersioning", "GetBucketObjectLockConfiguration", "GetBucketLocation"} {
			c := call{source: "s3", name: what, request: on(name), mark: look, resources: []resource{{"AWS::S3::Bucket", "arn:aws:s3:::" + name, production}}}
			if what == "GetBucketObjectLockConfiguration" {
				c.err, c.message = "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket"
			}
			do(2*second, c)
		}
	}

	blind := mark("who would see it is switched off", "T1562.008")
	do(20*second, call{source: "cloudtrail", name: "StopLogging", write: true, request: object("name", "shop-trail"), mark: blind})
	do(5*second, call{source: "cloudtrail", name: "DeleteTrail", write: true, request: object("name", "shop-trail"), mark: blind})
	do(5*second, call{source: "cloudtrail", name: "StopLogging", write: true, request: object("name", "arn:aws:cloudtrail:us-east-1:333344445555:trail/haenyeo-organization"), err: "NotOrganizationMasterAccountException",
		message: "The request could not be processed because only the organization's management account or a delegated administrator can perform the operation.", mark: blind})
	do(5*second, call{source: "guardduty", name: "UpdateDetector", write: true, request: object("detectorId", "8ac1899df9f0af16e28a985ae3e8df26", "enable", false), mark: blind})
	do(5*second, call{source: "config", name: "StopConfigurationRecorder", write: true, request: object("configurationRecorderName", "default"), mark: blind})

	keep := mark("a user with all rights is made", "T1136.003")
	do(20*second, call{who: console, agent: browser, source: "iam", name: "CreateUser", write: true, request: object("userName", "aws-support-2"), mark: keep,
		response: object("user", nested("path", "/", "userName", "aws-support-2", "userId", principal("AIDA", "aws-support-2"), "arn", "arn:aws:iam::111122223333:user/aws-support-2"))})
	w.made["arn:aws:iam::111122223333:user/aws-support-2"] = true
	do(5*second, call{who: console, agent: browser, source: "iam", name: "AttachUserPolicy", write: true, request: object("userName", "aws-support-2", "policyArn", "arn:aws:iam::aws:policy/AdministratorAccess"), mark: keep})
	do(5*second, call{who: console, agent: browser, source: "iam", name: "CreateLoginProfile", write: true, request: object("userName", "aws-support-2", "passwordResetRequired", false), mark: keep})
	do(5*second, call{who: console, agent: browser, source: "iam", name: "CreateAccessKey", write: true, request: object("userName", "aws-support-2"), mark: keep,
		response: object("accessKey", nested("accessKeyId", "AKIA"+random(w.r, 16, base32), "status", "Active", "userName", "aws-support-2", "createDate", clock(at, "Jan 2, 2006, 3:04:05 PM")))})

	// What was deleted shall not come back.
	thwart := mark("versions and lifetimes are set so that nothing comes back", "T1490")
	for _, name := range []string{"haenyeo-uploads", "haenyeo-web-assets"} {
		do(6*second, call{source: "s3", name: "PutBucketVersioning", write: true, mark: thwart, resources: []resource{{"AWS::S3::Bucket", "arn:aws:s3:::" + name, production}},
			request: object("bucketName", name, "Host", name+".s3.us-east-1.amazonaws.com", "versioning", "", "VersioningConfiguration", nested("Status", "Suspended", "xmlns", "http://s3.amazonaws.com/doc/2006-03-01/"))})
		do(6*second, call{source: "s3", name: "PutBucketLifecycle", write: true, mark: thwart, resources: []resource{{"AWS::S3::Bucket", "arn:aws:s3:::" + name, production}},
			request: object("bucketName", name, "Host", name+".s3.us-east-1.amazonaws.com", "lifecycle", "", "LifecycleConfiguration", nested("Rule", nested("ID", "r", "Status", "Enabled", "Filter", nested("Prefix", ""),
				"Expiration", nested("Days", 1), "NoncurrentVersionExpiration", nested("NoncurrentDays", 1))))})
	}

	// Customers' data: read, written again under a key of the thief's, the originals gone.
	exports, backups := bucket("haenyeo-customer-exports"), bucket("haenyeo-backups")
	put(10*second, call{name: "ListObjects", mark: mark("customers' data is read", "T1530")}, exports, "", 41_000)
	for i := range 90 {
		name := fmt.Sprintf("orders/%s/part-%03d.json", clock(midnight-int64(i%9)*day, "2006/01/02"), i)
		put(900, call{name: "GetObject", mark: mark("customers' data is read", "T1530")}, exports, name, 6_000_000)
	}
	sealed := mark("data is encrypted with a key that only the thief has", "T1486")
	for i := range 90 {
		name := fmt.Sprintf("orders/%s/part-%03d.json", clock(midnight-int64(i%9)*day, "2006/01/02"), i)
		put(800, call{name: "CopyObject", write: true, mark: sealed,
			request: object("bucketName", exports.name, "Host", exports.name+".s3.us-east-1.amazonaws.com", "key", name+".locked", "x-amz-copy-source", exports.name+"/"+name,
				"x-amz-server-side-encryption-customer-algorithm", "AES256", "x-amz-server-side-encryption-customer-key-md5", "HIDDEN_DUE_TO_SECURITY_REASONS"),
			response: object("x-amz-server-side-encryption-customer-algorithm", "AES256")}, exports, name+".locked", 6_000_000)
		put(300, call{name: "DeleteObject", mark: mark("the originals are deleted", "T1485")}, exports, name, 0)
	}
	put(5*second, call{name: "PutObject", mark: mark("a note asks for money", "T1486")}, exports, "HOW-TO-GET-YOUR-DATA-BACK.txt", 1380)

	// The backups.
	gone := mark("backups are deleted", "T1490")
	put(5*second, call{name: "ListObjects", mark: gone}, backups, "", 20_000)
	for i := range 40 {
		put(700, call{name: "DeleteObject", mark: gone}, backups, "dumps/reports-"+clock(midnight-int64(i)*day, "2006-01-02")+".sql.gz", 0)
	}
	put(2*second, call{name: "PutObject", mark: mark("a note asks for money", "T1486")}, backups, "HOW-TO-GET-YOUR-DATA-BACK.txt", 1380)
	for _, id := range []string{"1d8f0a4e-7f2c-4b61-90c5-61a7e2d4b301", "2e9a1b5f-803d-4c72-a1d6-72b8f3e5c402", "3fab2c60-914e-4d83-b2e7-83c904f6d503"} {
		do(4*second, call{source: "backup", name: "DeleteRecoveryPoint", write: true, request: object("backupVaultName", "shop", "recoveryPointArn", "arn:aws:backup:us-east-1:111122223333:recovery-point:"+id), mark: gone})
	}
	for _, id := range []string{"shop-orders-before-v5", "shop-reports-for-audit"} {
		do(4*second, call{source: "rds", name: "DeleteDBSnapshot", write: true, request: object("dBSnapshotIdentifier", id), response: object("dBSnapshotIdentifier", id, "status", "deleted"), mark: gone})
	}
	do(4*second, call{source: "ec2", name: "DeleteSnapshot", write: true, request: object("snapshotId", "snap-04112dbb44e6ac1dc", "force", false), response: object("requestId", string(uuid(nil, w.r)), "_return", true), mark: gone})
	do(4*second, call{source: "rds", name: "ModifyDBInstance", write: true, request: object("dBInstanceIdentifier", "shop-orders", "deletionProtection", false, "backupRetentionPeriod", 0, "applyImmediately", true), mark: mark("databases lose their protection and are deleted", "T1485")})
	for _, id := range []string{"shop-reports", "shop-orders"} {
		do(10*second, call{source: "rds", name: "DeleteDBInstance", write: true, request: object("dBInstanceIdentifier", id, "skipFinalSnapshot", true, "deleteAutomatedBackups", true), response: object("dBInstanceIdentifier", id, "dBInstanceStatus", "deleting"), mark: mark("databases lose their protection and are deleted", "T1485")})
	}
	arn := "arn:aws:kms:us-east-1:111122223333:key/" + backupKey
	lock := mark("the key of the backups will be destroyed", "T1485")
	do(4*second, call{source: "kms", name: "DisableKey", write: true, request: object("keyId", arn), mark: lock, resources: []resource{{"AWS::KMS::Key", arn, production}}})
	do(4*second, call{source: "kms", name: "ScheduleKeyDeletion", write: true, request: object("keyId", arn, "pendingWindowInDays", 7), mark: lock, resources: []resource{{"AWS::KMS::Key", arn, production}},
		response: object("keyId", arn, "keyState", "PendingDeletion", "deletionDate", clock(at+7*day, "Jan 2, 2006, 12:00:00 AM"), "pendingWindowInDays", 7)})
}
