package logs

import (
	"fmt"
	"strings"
	"time"
)

// korea is where the people are.
func korea() *time.Location { return time.FixedZone("KST", 9*60*60) }

// officeDay tells whether the office works on a day of Korea: not on weekends, public
// holidays and the company's own founding day. Lunar holidays are known for 2026
// and 2027.
func officeDay(t time.Time) bool {
	if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		return false
	}
	switch t.Format("01-02") {
	case "01-01", "03-01", "05-05", "06-06", "08-15", "10-03", "10-09", "12-25", "11-13":
		return false
	}
	switch t.Format("2006-01-02") {
	case "2026-02-16", "2026-02-17", "2026-02-18", "2026-03-02", "2026-05-25", "2026-06-03", "2026-08-17", "2026-09-24", "2026-09-25", "2026-10-05",
		"2027-02-08", "2027-02-09", "2027-05-13", "2027-08-16", "2027-09-14", "2027-09-15", "2027-09-16", "2027-10-04", "2027-10-11", "2027-12-27":
		return false
	}
	return true
}

// number counts the days from the first, from 0.
func (w *world) number(midnight int64) int { return int((midnight - w.o.Start.UnixMilli()) / day) }

// workday plans a day of the office: midnight UTC is nine in the morning in Korea.
func (w *world) workday(midnight int64, do func(nine int64)) {
	if officeDay(time.UnixMilli(midnight).In(korea())) {
		do(midnight)
	}
}

func (w *world) minutes(from, to int64) int64 { return from*minute + w.r.Int64N((to-from)*minute) }

func (w *world) addPeople() {
	w.habit("kim.haeri", w.kim, nil)
	w.habit("park.jisoo", w.park, nil)
	w.habit("choi.minho", w.choi, nil)
	w.habit("root of development", w.breakGlass, nil)
	w.habit("partner", w.partner, nil)
}

// login is a sign-in to the console.
func (w *world) login(at int64, who identity, address, agent string, mfa, ok bool, m *mark) {
	used := "No"
	if mfa {
		used = "Yes"
	}
	c := call{who: who, account: who.account, region: virginia, source: "signin", name: "ConsoleLogin", address: address, agent: agent, typ: "AwsConsoleSignIn",
		more:     object("LoginTo", "https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true&state=hashArgsFromTB_us-east-1", "MobileVersion", "No", "MFAUsed", used),
		response: object("ConsoleLogin", "Success"), write: true, mark: m}
	if !ok {
		c.message, c.response = "Failed authentication", object("ConsoleLogin", "Failure")
	}
	w.call(at, c)
}

// view is a screen of the console: the calls that it makes.
type view struct {
	source string
	names  []string
}

// views are what people look at; none needs more than to read.
func views() []view {
	return []view{
		{"ec2", []string{"DescribeInstances", "DescribeInstanceStatus", "DescribeSecurityGroups", "DescribeVolumes", "DescribeTags"}},
		{"ecs", []string{"ListClusters", "DescribeClusters", "ListServices", "DescribeServices"}},
		{"rds", []string{"DescribeDBInstances", "DescribeDBClusters", "DescribeEvents"}},
		{"monitoring", []string{"DescribeAlarms", "GetMetricData", "ListMetrics"}},
		{"logs", []string{"DescribeLogGroups", "FilterLogEvents", "DescribeLogStreams"}},
	}
}

// look opens some views of the console.
func (w *world) look(at int64, who identity, address string, from []view) {
	v := from[w.r.IntN(len(from))]
	for i, name := range v.names {
		w.call(at+int64(i)*120+w.r.Int64N(100), call{who: who, region: virginia, source: v.source, name: name, address: address, agent: browser, request: "{}"})
	}
}

// consoleDay is a day of somebody who works in the console: at the office, at home on
// some days, elsewhere when away.
func (w *world) consoleDay(nine int64, account, name, home string, away, mfa bool, loves []view) (identity, int64) {
	address := office
	if w.r.IntN(5) == 0 || away {
		address = home // works there
	}
	at := nine + w.minutes(2, 55)
	signing := user(account, "/", name, "", "")
	signing.json = cut(object("type", "IAMUser", "principalId", signing.id, "arn", signing.arn, "accountId", account, "userName", name))
	if w.r.IntN(4) == 0 {
		w.at(at-minute/2, func(t int64) { w.login(t, signing, address, browser, mfa, false, nil) })
	}
	if mfa {
		w.at(at-5*second, func(t int64) {
			w.call(t, call{who: signing, region: virginia, source: "signin", name: "CheckMfa", address: address, agent: browser, typ: "AwsConsoleSignIn",
				response: object("CheckMfa", "Success"), more: object("MfaType", "Virtual MFA")})
		})
	}
	w.at(at, func(t int64) { w.login(t, signing, address, browser, mfa, true, nil) })
	who := user(account, "/", name, "ASIA"+random(w.r, 16, base32), attributes(at, mfa))
	for range 18 + w.r.IntN(14) {
		w.at(at+w.minutes(1, 8*60), func(t int64) { w.look(t, who, address, loves) })
	}
	return who, at
}

// kim.haeri runs the shop: MFA, office hours, restarts a service now and then, reads
// the trail's archive each week, and is in Tokyo on two days.
func (w *world) kim(midnight int64) {
	home, _ := one([]block{newBlocks().homes[0]}, 11)
	w.workday(midnight, func(nine int64) {
		n, address := w.number(midnight), office
		away := n%14 == 7 || n%14 == 8
		if away { // at a conference
			home, _ = one(newBlocks().tokyo, n/14)
			address = home
		}
		who, at := w.consoleDay(nine, production, "kim.haeri", home, away, true, views())
		if w.r.IntN(2) == 0 {
			w.at(at+w.minutes(60, 300), func(t int64) {
				w.call(t, call{who: who, region: virginia, source: "ecs", name: "UpdateService", address: address, agent: browser, write: true,
					request:  object("cluster", "shop", "service", "checkout", "forceNewDeployment", true),
					response: object("service", nested("serviceName", "checkout", "clusterArn", "arn:aws:ecs:us-east-1:111122223333:cluster/shop", "status", "ACTIVE")),
					context:  object("requestContext", nested("aws:MultiFactorAuthPresent", "true"), "tagContext", nested("principalTags", nested("team", "platform-team")))})
			})
		}
		if time.UnixMilli(midnight).Weekday() == time.Tuesday {
			w.at(at+w.minutes(20, 60), func(t int64) { w.readArchive(t, who, address) })
		}
		// Something that she may not: she looks, and is told no.
		w.at(at+w.minutes(90, 400), func(t int64) {
			w.call(t, denied(call{who: who, region: virginia, source: "iam", name: "ListUsers", address: address, agent: browser}, "arn:aws:iam::111122223333:user/"))
		})
	})
}

// readArchive reads some of the trail's archive, by the role in the log archive.
func (w *world) readArchive(at int64, who identity, address string) {
	agent := cliMac + "sts.assume-role"
	s := w.assume(at, call{who: who, region: virginia, address: address, agent: agent}, role{archive, "/", "auditor"}, "kim.haeri", true)
	for i := range 12 {
		key := fmt.Sprintf("AWSLogs/%s/%s/CloudTrail/us-east-1/%s/", organization, production, clock(at-day, "2006/01/02"))
		if i == 0 {
			w.object(at+2*second, call{who: s, name: "ListObjects", address: address, agent: cliMac + "s3.cp"}, w.otherBucket("haenyeo-organization-trail"), "", 4100)
			continue
		}
		t := at + int64(i)*3*second
		w.object(t, call{who: s, name: "GetObject", address: address, agent: cliMac + "s3.cp"}, w.otherBucket("haenyeo-organization-trail"),
			key+fmt.Sprintf("%s_CloudTrail_us-east-1_%s_archive%02d.json.gz", production, clock(at-day, "20060102T1504Z"), i), 20000+i)
		w.decrypt(t+90, s, archive, "f2eb81e4-81c1-4491-ab20-cdd613e6d7da", "haenyeo-organization-trail")
	}
}

// decrypt is what S3 asks KMS for when an object is read.
func (w *world) decrypt(at int64, who identity, account, key, bucket string) {
	w.kms(at, who, account, key, "Decrypt", bucket)
}

func (w *world) kms(at int64, who identity, account, key, name, bucket string) {
	arn := "arn:aws:kms:us-east-1:" + account + ":key/" + key
	request := []any{"encryptionContext", nested("aws:s3:arn", "arn:aws:s3:::"+bucket), "keyId", arn}
	if name == "GenerateDataKey" {
		request = append(request, "keySpec", "AES_256")
	} else {
		request = append(request, "encryptionAlgorithm", "SYMMETRIC_DEFAULT")
	}
	w.call(at, call{who: who, through: awsInternal, account: account, region: virginia, source: "kms", name: name, address: awsInternal, agent: awsInternal,
		request: object(request...), resources: []resource{{"AWS::KMS::Key", arn, account}}})
}

// park.jisoo is an administrator without MFA, who works with Terraform: the plan reads
// everything, and some applies change policies and security groups.
func (w *world) park(midnight int64) {
	home, _ := one([]block{newBlocks().homes[2]}, 12)
	w.workday(midnight, func(nine int64) {
		_, at := w.consoleDay(nine, production, "park.jisoo", home, false, false, append(views(), view{"iam", []string{"ListRoles", "ListPolicies", "GetAccountSummary"}}))
		key := user(production, "/", "park.jisoo", "AKIAPARKJISOOEXAMPLE", "")
		for range 1 + w.r.IntN(2) {
			w.at(at+w.minutes(30, 420), func(t int64) {
				s := w.assume(t, call{who: key, region: virginia, address: office, agent: terraform}, role{production, "/", "admin"}, "terraform-park", false)
				w.terraform(t+2*second, s)
			})
		}
		for range 3 + w.r.IntN(4) {
			w.at(at+w.minutes(10, 500), func(t int64) {
				w.call(t, call{who: key, region: virginia, source: "ec2", name: "DescribeInstances", address: office, agent: cliMac + "ec2.describe-instances",
					request: object("maxResults", 1000, "instancesSet", nested(), "filterSet", nested())})
			})
		}
	})
	// On call: from a phone, on two evenings.
	if n := w.number(midnight); n%7 == 3 {
		phone, _ := one(newBlocks().phones, n)
		key := user(production, "/", "park.jisoo", "AKIAPARKJISOOEXAMPLE", "")
		for i := range 4 {
			w.at(midnight+13*hour+int64(i)*minute, func(t int64) {
				w.call(t, call{who: key, region: virginia, source: "rds", name: "DescribeDBInstances", address: phone, agent: cliMac + "rds.describe-db-instances"})
			})
		}
	}
}

// terraform is a run: everything is read, and half of the runs change something.
func (w *world) terraform(at int64, who identity) {
	read := func(source, name, request string) {
		at += 40 + w.r.Int64N(160)
		w.call(at, call{who: who, region: virginia, source: source, name: name, address: office, agent: terraform, request: request})
	}
	read("sts", "GetCallerIdentity", "")
	for _, r := range []string{"admin", "ci-deploy", "shop-app", "checkout-task", "worker-task", "picture-import", "thumbnails", "order-mail", "flow-logs", "aws-backup"} {
		read("iam", "GetRole", object("roleName", r))
		read("iam", "ListRolePolicies", object("roleName", r))
		read("iam", "ListAttachedRolePolicies", object("roleName", r))
	}
	for _, b := range []string{"haenyeo-web-assets", "haenyeo-customer-exports", "haenyeo-backups", "haenyeo-access-logs", "haenyeo-uploads"} {
		for _, name := range []string{"GetBucketPolicy", "GetBucketVersioning", "GetBucketEncryption", "GetBucketLogging", "GetBucketLifecycle", "GetBucketTagging"} {
			read("s3", name, object("bucketName", b, "Host", b+".s3.us-east-1.amazonaws.com"))
		}
	}
	for _, name := range []string{"DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups", "DescribeRouteTables", "DescribeNetworkAcls", "DescribeNatGateways", "DescribeVpcEndpoints", "DescribeFlowLogs"} {
		read("ec2", name, "{}")
	}
	read("rds", "DescribeDBInstances", object("dBInstanceIdentifier", "shop-orders"))
	read("elasticloadbalancing", "DescribeLoadBalancers", "")
	change := func(source, name, request, response string, rs ...resource) {
		at += 300 + w.r.Int64N(700)
		w.call(at, call{who: who, region: virginia, source: source, name: name, address: office, agent: terraform, request: request, response: response, write: true, resources: rs})
	}
	switch w.r.IntN(8) {
	case 0:
		change("iam", "PutRolePolicy", object("roleName", "picture-import", "policyName", "import", "policyDocument",
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage"],"Resource":"arn:aws:sqs:us-east-1:111122223333:picture-uploads"}]}`), "")
	case 1:
		change("ec2", "AuthorizeSecurityGroupIngress", object("groupId", "sg-0b8c531cd1e0e21fc", "ipPermissions", items(nested("ipProtocol", "tcp", "fromPort", 6379, "toPort", 6379,
			"groups", items(nested("groupId", "sg-00af382e885534219")), "ipRanges", nested(), "ipv6Ranges", nested(), "prefixListIds", nested()))), object("requestId", string(uuid(nil, w.r)), "_return", true))
		change("ec2", "RevokeSecurityGroupIngress", object("groupId", "sg-0b8c531cd1e0e21fc", "ipPermissions", items(nested("ipProtocol", "tcp", "fromPort", 6380, "toPort", 6380,
			"ipRanges", items(nested("cidrIp", "10.20.16.0/20"))))), object("requestId", string(uuid(nil, w.r)), "_return", true))
	case 2:
		change("iam", "CreatePolicyVersion", object("policyArn", "arn:aws:iam::111122223333:policy/operate", "setAsDefault", true, "policyDocument",
			`{"Version":"2012-10-17","Statement":[{"Sid":"look","Effect":"Allow","Action":["ec2:Describe*","ecs:Describe*","rds:Describe*","logs:*"],"Resource":"*"}]}`),
			object("policyVersion", nested("versionId", "v7", "isDefaultVersion", true, "createDate", clock(at, "Jan 2, 2006, 3:04:05 PM"))))
	case 3:
		change("s3", "PutBucketLifecycle", object("bucketName", "haenyeo-access-logs", "Host", "haenyeo-access-logs.s3.us-east-1.amazonaws.com", "lifecycle", "",
			"LifecycleConfiguration", nested("Rule", nested("ID", "one-year", "Status", "Enabled", "Expiration", nested("Days", 400)))), "", resource{"AWS::S3::Bucket", "arn:aws:s3:::haenyeo-access-logs", production})
		change("ec2", "CreateTags", object("resourcesSet", items(nested("resourceId", "vpc-042f901c0b1cd7ef9")), "tagSet", items(nested("key", "owner", "value", "platform-team"))), object("requestId", string(uuid(nil, w.r)), "_return", true))
	}
}

// choi.minho develops: MFA in the console, a key on a laptop, functions, and every
// second day a deployment from development into production. A new laptop comes in
// the second week.
func (w *world) choi(midnight int64) {
	home, _ := one([]block{newBlocks().homes[1]}, 13)
	w.workday(midnight, func(nine int64) {
		n := w.number(midnight)
		who, at := w.consoleDay(nine, development, "choi.minho", home, false, true, []view{
			{"lambda", []string{"ListFunctions20150331", "GetAccountSettings20160819", "GetFunction20150331v2"}},
			{"logs", []string{"DescribeLogGroups", "DescribeLogStreams", "FilterLogEvents"}},
			{"rds", []string{"DescribeDBInstances"}},
			{"sagemaker", []string{"ListNotebookInstances", "DescribeNotebookInstance"}},
			{"ec2", []string{"DescribeInstances", "DescribeInstanceStatus"}}})
		agent := cliMac
		if n%14 >= 8 { // the new laptop
			agent = strings.Replace(cliLinux, "6.1.148", "6.14.0-35-generic", 1)
		}
		key := user(development, "/", "choi.minho", "AKIACHOIMINHOEXAMPLE", "")
		for range 4 + w.r.IntN(5) {
			w.at(at+w.minutes(20, 500), func(t int64) {
				w.call(t, call{who: key, region: virginia, source: "lambda", name: "UpdateFunctionCode20150331v2", address: office, agent: agent + "lambda.update-function-code", write: true,
					request:   object("functionName", "coupon-test", "publish", false, "dryRun", false),
					response:  object("functionName", "coupon-test", "functionArn", "arn:aws:lambda:us-east-1:222233334444:function:coupon-test", "runtime", "nodejs22.x", "role", "arn:aws:iam::222233334444:role/lambda-basic"),
					resources: []resource{{"AWS::Lambda::Function", "arn:aws:lambda:us-east-1:222233334444:function:coupon-test", development}}})
			})
		}
		if n%2 == 0 {
			w.at(at+w.minutes(200, 380), func(t int64) {
				s := w.assume(t, call{who: key, region: virginia, address: office, agent: agent + "sts.assume-role"}, role{production, "/", "deploy-from-development"}, "deploy-choi", false)
				for i, name := range []string{"DescribeAutoScalingGroups", "StartInstanceRefresh", "DescribeInstanceRefreshes"} {
					w.call(t+int64(i+1)*4*second, call{who: s, region: virginia, source: "autoscaling", name: name, address: office, agent: agent + "autoscaling", write: i == 1,
						request: object("autoScalingGroupName", "shop-app")})
				}
			})
		}
		w.at(at+w.minutes(60, 400), func(t int64) {
			w.call(t, call{who: who, region: virginia, source: "ec2", name: "AuthorizeSecurityGroupIngress", address: office, agent: browser, write: true,
				err: "Client.InvalidPermission.Duplicate", message: "the specified rule \"peer: 198.51.100.0/24, TCP, from port: 22, to port: 22, ALLOW\" already exists",
				request: object("groupId", "sg-01a273947f6ddd2c7", "ipPermissions", items(nested("ipProtocol", "tcp", "fromPort", 22, "toPort", 22, "ipRanges", items(nested("cidrIp", "198.51.100.0/24")))))})
		})
	})
}

// breakGlass is the one day on which the root user of development signs in, with MFA,
// from the office, to change who pays. It looks bad and is not.
func (w *world) breakGlass(midnight int64) {
	if n := w.number(midnight); n != min(10, w.o.Days-1) {
		return
	}
	m := &mark{Step: "the root user of development signs in with MFA to change who pays, as announced"}
	at := midnight + 2*hour + 10*minute
	w.at(at, func(t int64) { w.login(t, root(development, "", ""), office, browser, true, true, m) })
	who := root(development, "ASIA"+random(w.r, 16, base32), attributes(at, true))
	w.at(at+3*minute, func(t int64) {
		w.call(t, call{who: who, region: virginia, source: "account", name: "GetAlternateContact", address: office, agent: browser, mark: m,
			request: object("alternateContactType", "BILLING"), err: "ResourceNotFoundException", message: "No contact of the inputted alternate contact type found."})
	})
	w.at(at+5*minute, func(t int64) {
		w.call(t, call{who: who, region: virginia, source: "account", name: "PutAlternateContact", address: office, agent: browser, write: true, mark: m,
			request: object("alternateContactType", "BILLING", "name", "HIDDEN_DUE_TO_SECURITY_REASONS", "title", "HIDDEN_DUE_TO_SECURITY_REASONS", "emailAddress", "HIDDEN_DUE_TO_SECURITY_REASONS", "phoneNumber", "HIDDEN_DUE_TO_SECURITY_REASONS")})
	})
}

// partner is the old contractor's account: once a week it still fetches what
// marketing puts there for it, which the bucket's policy allows.
func (w *world) partner(midnight int64) {
	if w.number(midnight)%7 != 2 {
		return
	}
	who := stranger(contractor, principal("AROA", "partner-feed")+":weekly")
	from := midnight + w.minutes(60, 600)
	for i := range 6 {
		w.at(from+int64(i)*4*second, func(t int64) {
			c := call{who: who, name: "GetObject", address: "192.0.2.77", agent: boto}
			key := fmt.Sprintf("campaign/%s/part-%d.csv", clock(t, "2006-01-02"), i)
			if i == 0 {
				c.name, key = "ListObjects", ""
			}
			w.object(t, c, bucket("haenyeo-customer-exports"), key, 400_000+i)
		})
	}
}
