package logs

import "fmt"

// addServices adds what AWS's services do in the accounts: Config, the delivery of
// logs, load balancing, Access Analyzer, replication.
func (w *world) addServices() {
	w.habit("config", nil, func() {
		for _, account := range []string{production, archive} {
			who := w.linked(account, "config", "Config", "AWSConfig-Describe")
			ask := func(t int64, region, source, name, request string) {
				w.call(t, call{who: who, through: "config.amazonaws.com", region: region, source: source, name: name, address: "config.amazonaws.com", agent: "config.amazonaws.com", request: request})
			}
			w.times(6, func(t int64) {
				region := virginia
				if w.r.IntN(4) == 0 {
					region = seoul
				}
				q := [][2]string{{"ec2", "DescribeInstances"}, {"ec2", "DescribeSecurityGroups"}, {"ec2", "DescribeVolumes"}, {"ec2", "DescribeNetworkInterfaces"}, {"rds", "DescribeDBInstances"},
					{"kms", "ListKeys"}, {"lambda", "ListFunctions20150331"}, {"sqs", "ListQueues"}, {"sns", "ListTopics"}, {"cloudtrail", "DescribeTrails"}}[w.r.IntN(10)]
				ask(t, region, q[0], q[1], "{}")
			})
			if account == production {
				w.times(3, func(t int64) {
					b := []string{"haenyeo-web-assets", "haenyeo-customer-exports", "haenyeo-backups", "haenyeo-access-logs", "haenyeo-uploads"}[w.r.IntN(5)]
					name := []string{"GetBucketPolicy", "GetBucketAcl", "GetBucketVersioning", "GetBucketLifecycle"}[w.r.IntN(4)]
					ask(t, virginia, "s3", name, object("bucketName", b, "Host", b+".s3.us-east-1.amazonaws.com"))
				})
			}
		}
	})
	w.habit("delivery of logs", nil, func() {
		w.times(6, func(t int64) {
			account := []string{production, development, archive}[w.r.IntN(3)]
			w.object(t, call{who: service("cloudtrail.amazonaws.com"), name: "PutObject", address: "cloudtrail.amazonaws.com", agent: "cloudtrail.amazonaws.com",
				response: object("x-amz-server-side-encryption", "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:333344445555:key/"+trailKey)},
				w.otherBucket("haenyeo-organization-trail"), fmt.Sprintf("AWSLogs/%s/%s/CloudTrail/us-east-1/%s/%s.json.gz", organization, account, clock(t, "2006/01/02"), random(w.r, 16, alphanumeric)), 20000+w.r.IntN(9000))
			arn := "arn:aws:kms:us-east-1:333344445555:key/" + trailKey
			w.call(t-40, call{who: service("cloudtrail.amazonaws.com"), account: archive, region: virginia, source: "kms", name: "GenerateDataKey", address: "cloudtrail.amazonaws.com", agent: "cloudtrail.amazonaws.com",
				request: object("keySpec", "AES_256", "keyId", arn, "encryptionContext", nested("aws:cloudtrail:arn", "arn:aws:cloudtrail:us-east-1:333344445555:trail/haenyeo-organization",
					"aws:s3:arn", "arn:aws:s3:::haenyeo-organization-trail")), resources: []resource{{"AWS::KMS::Key", arn, archive}}})
		})
		w.times(3, func(t int64) {
			w.object(t, call{who: service("delivery.logs.amazonaws.com"), name: "PutObject", address: "delivery.logs.amazonaws.com", agent: "delivery.logs.amazonaws.com"},
				bucket("haenyeo-access-logs"), "alb/shop/AWSLogs/111122223333/elasticloadbalancing/us-east-1/"+clock(t, "2006/01/02")+"/"+random(w.r, 8, hexes)+".log.gz", 3000+w.r.IntN(9000))
		})
	})
	w.habit("replication", nil, func() {
		w.times(1.2*crowd(w.from), func(t int64) {
			who := w.machine(role{production, "/", "s3-replication"}, "s3-replication", "s3.amazonaws.com")
			key := fmt.Sprintf("orders/%s/%s.json", clock(t, "2006/01/02"), random(w.r, 8, hexes))
			w.object(t, call{who: who, through: "s3.amazonaws.com", name: "GetObject", address: "s3.amazonaws.com", agent: "s3.amazonaws.com"}, bucket("haenyeo-customer-exports"), key, 5000)
			w.object(t+2*second, call{who: who, through: "s3.amazonaws.com", name: "PutObject", address: "s3.amazonaws.com", agent: "s3.amazonaws.com"}, w.otherBucket("haenyeo-customer-exports-seoul"), key, 5000)
		})
	})
	w.habit("load balancing", nil, func() {
		who := w.linked(production, "elasticloadbalancing", "ElasticLoadBalancing", "ElasticLoadBalancing")
		w.times(2, func(t int64) {
			name := []string{"DescribeNetworkInterfaces", "DescribeSubnets", "DescribeSecurityGroups", "DescribeVpcs"}[w.r.IntN(4)]
			w.call(t, call{who: who, through: "elasticloadbalancing.amazonaws.com", region: virginia, source: "ec2", name: name, address: "elasticloadbalancing.amazonaws.com", agent: "elasticloadbalancing.amazonaws.com", request: "{}"})
		})
	})
	w.habit("access analyzer", nil, func() {
		who := w.linked(production, "access-analyzer", "AccessAnalyzer", "access-analyzer")
		w.times(1, func(t int64) {
			q := [][2]string{{"iam", "GetRole"}, {"kms", "GetKeyPolicy"}, {"s3", "GetBucketPolicyStatus"}, {"sqs", "GetQueueAttributes"}}[w.r.IntN(4)]
			request := map[string]string{"iam": object("roleName", "ci-deploy"), "kms": object("keyId", "arn:aws:kms:us-east-1:111122223333:key/"+backupKey, "policyName", "default"),
				"s3": object("bucketName", "haenyeo-partner-feed", "Host", "haenyeo-partner-feed.s3.us-east-1.amazonaws.com"), "sqs": object("queueUrl", "https://sqs.us-east-1.amazonaws.com/111122223333/picture-uploads")}[q[0]]
			w.call(t, call{who: who, through: "access-analyzer.amazonaws.com", region: virginia, source: q[0], name: q[1], address: "access-analyzer.amazonaws.com", agent: "access-analyzer.amazonaws.com", request: request})
		})
	})
	w.habit("rotation of keys", func(midnight int64) {
		if w.number(midnight)%14 != 5 {
			return
		}
		w.at(midnight+4*hour, func(t int64) {
			arn := "arn:aws:kms:us-east-1:111122223333:key/" + shopKey
			w.call(t, call{who: identity{json: cut(object("accountId", production, "invokedBy", "AWS Internal")), account: production}, region: virginia, source: "kms", name: "RotateKey",
				address: awsInternal, agent: awsInternal, typ: "AwsServiceEvent", write: true, resources: []resource{{"AWS::KMS::Key", arn, production}}})
		})
	}, nil)
}

// linked is a session of the role of a service. The snapshot has not all of them: AWS
// makes them by itself.
func (w *world) linked(account, service, name, session string) identity {
	r := role{account, "/aws-service-role/" + service + ".amazonaws.com/", "AWSServiceRoleFor" + name}
	w.made[r.arn()] = true
	return w.session(r, session, w.from, false)
}

// addBatch adds what runs by a clock: backups, exports, builds, deployments.
func (w *world) addBatch() {
	p := newPlaces()
	w.habit("backup", func(midnight int64) {
		from := midnight + 18*hour
		w.at(from, func(t int64) { w.backup(t) })
		w.at(from+40*minute, func(t int64) { w.dump(t, p.settlement) })
	}, nil)
	w.habit("erp-export", func(midnight int64) {
		who := user(production, "/machines/", "erp-export", "AKIAERPEXPORTEXAMPLE", "")
		for i := range 24 {
			w.at(midnight+15*hour+int64(i)*7*second, func(t int64) {
				c := call{who: who, name: "GetObject", address: erpServer, agent: "aws-cli/1.18.69 Python/3.6.9 Linux/4.15.0-213-generic botocore/1.16.19"}
				key := fmt.Sprintf("erp/%s/%02d.csv", clock(t, "2006-01-02"), i)
				switch {
				case i == 0:
					c.name, key = "ListObjects", ""
				case i%2 == 0:
					c.name = "PutObject"
				}
				w.object(t, c, bucket("haenyeo-customer-exports"), key, 80_000)
			})
		}
	}, nil)
	w.habit("build-bot", nil, func() {
		who := user(development, "/", "build-bot", "AKIAIOSFODNN7EXAMPLE", "")
		w.times(1.5, func(t int64) {
			w.call(t, call{who: who, region: virginia, source: "ec2", name: "DescribeInstances", address: p.bench.public, agent: cliLinux + "ec2.describe-instances",
				request: object("maxResults", 1000, "instancesSet", nested(), "filterSet", items(nested("name", "tag:environment", "valueSet", items(nested("value", "development")))))})
		})
		w.times(2, func(t int64) {
			c := call{who: who, name: "GetObject", address: p.bench.public, agent: cliLinux + "s3.sync"}
			key := fmt.Sprintf("builds/shop-web-%d.tgz", w.r.IntN(40))
			if w.r.IntN(3) == 0 {
				c.name, key = "ListObjects", ""
			}
			w.object(t, c, w.otherBucket("haenyeo-dev-share"), key, 900_000)
		})
	})
	w.habit("builds", func(midnight int64) {
		w.workday(midnight, func(nine int64) {
			for range 5 {
				w.at(nine+w.minutes(30, 560), func(t int64) {
					who := w.session(role{development, "/", "codebuild"}, "AWSCodeBuild-"+string(uuid(nil, w.r)), t, false)
					w.handOut(t, who, role{development, "/", "codebuild"}, who.id[22:], "codebuild.amazonaws.com")
					address, _ := one(newBlocks().cloud, 500+w.r.IntN(30))
					for i := range 6 {
						w.object(t+int64(i+1)*9*second, call{who: who, name: "PutObject", address: address, agent: boto}, w.otherBucket("haenyeo-dev-artifacts"), fmt.Sprintf("shop-web/%s/part-%d", clock(t, "20060102150405"), i), 4_000_000)
					}
				})
			}
		})
	}, nil)
	w.habit("ci-deploy", func(midnight int64) {
		w.workday(midnight, func(nine int64) {
			for range 2 + w.r.IntN(3) {
				w.at(nine+w.minutes(20, 540), func(t int64) { w.deployment(t) })
			}
		})
	}, nil)
	w.habit("nightly-reindex", func(midnight int64) {
		for i := range 60 {
			w.at(midnight+17*hour+int64(i)*second, func(t int64) {
				address, _ := one(newBlocks().cloud, i)
				w.object(t, call{who: w.machine(role{production, "/", "picture-import"}, "picture-import", "lambda.amazonaws.com"), name: "GetObject", address: address, agent: boto},
					bucket("haenyeo-uploads"), fmt.Sprintf("index/shard-%02d.json", i), 3_000_000)
			})
		}
	}, nil)
}

// backup is the night's run of the plan.
func (w *world) backup(at int64) {
	who := w.session(role{production, "/", "aws-backup"}, "AWSBackup-AWSServiceRoleForBackup", at, false)
	w.handOut(at, who, role{production, "/", "aws-backup"}, "AWSBackup-AWSServiceRoleForBackup", "backup.amazonaws.com")
	snapshot := "awsbackup:job-" + string(uuid(nil, w.r))
	w.made["arn:aws:rds:us-east-1:111122223333:snapshot:"+snapshot] = true
	steps := []call{
		{source: "rds", name: "DescribeDBInstances", request: object("dBInstanceIdentifier", "shop-orders")},
		{source: "rds", name: "CreateDBSnapshot", write: true, request: object("dBInstanceIdentifier", "shop-orders", "dBSnapshotIdentifier", snapshot),
			response: object("dBSnapshotIdentifier", snapshot, "dBInstanceIdentifier", "shop-orders", "status", "creating", "snapshotType", "manual", "encrypted", true, "kmsKeyId", "arn:aws:kms:us-east-1:111122223333:key/"+shopKey)},
		{source: "dynamodb", name: "DescribeTable", request: object("tableName", "products")},
		{source: "rds", name: "DescribeDBSnapshots", request: object("dBSnapshotIdentifier", snapshot)},
		{source: "rds", name: "DeleteDBSnapshot", write: true, request: object("dBSnapshotIdentifier", "awsbackup:job-"+clock(at-14*day, "20060102")), response: object("status", "deleted", "dBInstanceIdentifier", "shop-orders")},
	}
	w.made["arn:aws:rds:us-east-1:111122223333:snapshot:awsbackup:job-"+clock(at-14*day, "20060102")] = true
	for i, c := range steps {
		c.who, c.through, c.region, c.address, c.agent = who, "backup.amazonaws.com", virginia, "backup.amazonaws.com", "backup.amazonaws.com"
		w.call(at+int64(i+1)*20*second, c)
	}
}

// dump is the accountants' nightly copy of their database: many parts of one object.
func (w *world) dump(at int64, from *host) {
	who := user(production, "/machines/", "backup-operator", "AKIABACKUPONEEXAMPLE", "")
	agent := "aws-cli/2.9.19 Python/3.9.11 Linux/5.10.210 exe/x86_64.amzn.2 prompt/off command/s3.cp"
	key := "dumps/reports-" + clock(at, "2006-01-02") + ".sql.gz"
	c := call{who: who, address: from.public, agent: agent}
	to := bucket("haenyeo-backups")
	c.name, c.write = "CreateMultipartUpload", true
	w.object(at, c, to, key, 0)
	for i := range 30 {
		c.name = "UploadPart"
		w.object(at+int64(i+1)*3*second, c, to, key, 8<<20)
	}
	c.name = "CompleteMultipartUpload"
	w.object(at+100*second, c, to, key, 0)
	w.kms(at+20, who, production, backupKey, "GenerateDataKey", "haenyeo-backups")
	c.name, c.write = "DeleteObject", true // what is older than thirty days
	w.object(at+110*second, c, to, "dumps/reports-"+clock(at-30*day, "2006-01-02")+".sql.gz", 0)
}

// deployment is a run of the code host's pipeline into production.
func (w *world) deployment(at int64) {
	address, _ := one(newBlocks().runners, w.r.IntN(5000))
	r := role{production, "/", "ci-deploy"}
	provider := "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
	subject := "repo:haenyeo-market/shop-web:ref:refs/heads/main"
	who := w.session(r, "GitHubActions", at, false, "webIdFederationData", nested("federatedProvider", provider, "attributes", nested()))
	agent := "aws-sdk-js/3.896.0 ua/2.1 os/linux#6.11.0-1018-azure lang/js md/nodejs#20.19.5 api/sts#3.896.0 configure-aws-credentials-for-github-actions"
	w.call(at, call{who: identity{json: cut(object("type", "WebIdentityUser", "principalId", provider+":sts.amazonaws.com:"+subject, "userName", subject, "identityProvider", provider)), account: production},
		region: virginia, source: "sts", name: "AssumeRoleWithWebIdentity", address: address, agent: agent, write: true,
		request:   object("roleArn", r.arn(), "roleSessionName", "GitHubActions", "durationSeconds", 3600),
		response:  cut(granted(who, at)) + `,"subjectFromWebIdentityToken":` + string(value(nil, subject)) + `,"provider":` + string(value(nil, provider)) + `,"audience":"sts.amazonaws.com"}`,
		resources: []resource{{"AWS::IAM::Role", r.arn(), production}}})
	repository := resource{"AWS::ECR::Repository", "arn:aws:ecr:us-east-1:111122223333:repository/shop/checkout", production}
	n := 88 + w.number(at)
	task := fmt.Sprintf("arn:aws:ecs:us-east-1:111122223333:task-definition/checkout:%d", n)
	w.made[task] = true
	steps := []call{
		{source: "ecr", name: "GetAuthorizationToken"},
		{source: "ecr", name: "InitiateLayerUpload", request: object("repositoryName", "shop/checkout"), write: true, resources: []resource{repository}},
		{source: "ecr", name: "CompleteLayerUpload", request: object("repositoryName", "shop/checkout"), write: true, resources: []resource{repository}},
		{source: "ecr", name: "PutImage", request: object("repositoryName", "shop/checkout", "imageTag", clock(at, "2006.01.02-1504")), write: true, resources: []resource{repository}},
		{source: "ecs", name: "DescribeTaskDefinition", request: object("taskDefinition", "checkout")},
		{source: "ecs", name: "RegisterTaskDefinition", write: true, request: object("family", "checkout", "taskRoleArn", "arn:aws:iam::111122223333:role/checkout-task", "executionRoleArn", "arn:aws:iam::111122223333:role/ecs-execution", "networkMode", "awsvpc", "cpu", "512", "memory", "1024"),
			response: object("taskDefinition", nested("taskDefinitionArn", task, "family", "checkout", "revision", n, "status", "ACTIVE"))},
		{source: "ecs", name: "UpdateService", write: true, request: object("cluster", "shop", "service", "checkout", "taskDefinition", task)},
		{source: "ecs", name: "DescribeServices", request: object("cluster", "shop", "services", []string{"checkout"})},
	}
	for i, c := range steps {
		c.who, c.region, c.address, c.agent = who, virginia, address, agent
		w.call(at+int64(i+1)*11*second, c)
	}
	w.at(at+2*minute, func(t int64) { w.taskStart(t) })
}
