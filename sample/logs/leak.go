package logs

import "fmt"

// keyInCode is break-in A: a key lies in code, somebody finds it, looks around, starts
// miners in regions that nobody watches, and goes on to production. It begins at two
// in the night of Korea; in the morning a developer ends the instances.
func (w *world) keyInCode(midnight int64) {
	mark := step("A")
	b := newBlocks()
	finder, later := b.netherlands.random(w.r), b.germany.random(w.r)
	const agent = "aws-cli/2.22.35 md/awscrt#0.23.4 ua/2.0 os/linux#5.15.0-139-generic md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython md/command#"
	key := user(development, "/", "build-bot", "AKIAIOSFODNN7EXAMPLE", "")
	begin := midnight + 17*hour
	share := w.otherBucket("haenyeo-dev-share")

	// The bucket with the scripts is public.
	for i, object := range []string{"", "scripts/README.txt", "scripts/bench-setup.sh", "scripts/deploy.sh"} {
		c := call{who: anonymous(), name: "GetObject", address: finder, agent: "curl/8.5.0", mark: mark("a stranger fetches the scripts with the key from the public bucket", "T1552.001")}
		if object == "" {
			c.name = "ListObjects"
		}
		w.at(begin+int64(i)*20*second, func(t int64) { w.object(t, c, share, object, 2100) })
	}

	at := begin + 90*minute
	do := func(wait int64, c call) {
		at += wait + w.r.Int64N(wait/2+1)
		if c.who.json == "" {
			c.who = key
		}
		if c.region == "" {
			c.region = virginia
		}
		c.address = later
		c.agent = agent + c.source
		w.at(at, func(t int64) { w.call(t, c) })
	}
	found := mark("the key is tried from a foreign address", "T1078.004")
	do(second, call{source: "sts", name: "GetCallerIdentity", mark: found})
	look := mark("what the key may do is tried out", "T1087.004")
	for _, name := range []string{"GetUser", "ListAttachedUserPolicies", "ListUsers", "ListRoles", "ListGroupsForUser", "GetAccountAuthorizationDetails"} {
		request := ""
		if name != "ListUsers" && name != "ListRoles" {
			request = object("userName", "build-bot")
		}
		do(3*second, denied(call{source: "iam", name: name, request: request, mark: look}, "arn:aws:iam::222233334444:user/build-bot"))
	}
	do(4*second, denied(call{source: "ses", name: "GetAccount", mark: look}, "*"))
	do(4*second, denied(call{source: "s3", name: "ListBuckets", mark: look}, "*"))
	do(4*second, denied(call{source: "servicequotas", name: "ListServiceQuotas", request: object("serviceCode", "ec2"), mark: look}, "*"))
	regions := []string{virginia, seoul, "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-3", "eu-central-1", "eu-north-1", "ap-southeast-1", "ap-northeast-1", "ap-south-1", "sa-east-1", "ca-central-1"}
	do(4*second, call{source: "ec2", name: "DescribeRegions", request: object("regionSet", nested(), "allRegions", true), mark: mark("regions and machines are listed", "T1580")})
	for _, region := range regions {
		for _, name := range []string{"DescribeInstances", "DescribeVpcs", "DescribeAccountAttributes"} {
			do(second, call{source: "ec2", name: name, region: region, request: "{}", mark: mark("regions and machines are listed", "T1580")})
		}
	}
	keep := mark("a door is tried that would stay open", "T1098.001")
	do(8*second, denied(call{source: "iam", name: "CreateAccessKey", write: true, request: object("userName", "build-bot"), mark: keep}, "arn:aws:iam::222233334444:user/build-bot"))
	do(8*second, denied(call{source: "ec2", name: "CreateKeyPair", region: seoul, write: true, request: object("keyName", "ops-2"), mark: keep}, "arn:aws:ec2:ap-northeast-2:222233334444:key-pair/ops-2"))

	// Large machines: refused at first, for the quota; then as many as there may be.
	start := mark("large instances are started in regions that nobody uses", "T1578.002")
	for _, region := range []string{"us-west-2", "eu-central-1", "sa-east-1", "ap-southeast-1"} {
		do(6*second, call{source: "ec2", name: "RunInstances", region: region, write: true, err: "Client.VcpuLimitExceeded", request: run("p4d.24xlarge", 4, "", "ami-01b96ae60b0386cdc"),
			message: "You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that the specified instance type belongs to.", mark: start})
		do(6*second, call{source: "ec2", name: "RequestSpotInstances", region: region, write: true, err: "Client.MaxSpotInstanceCountExceeded", message: "Max spot instance count exceeded",
			request: object("spotPrice", "12.50", "instanceCount", 8, "type", "one-time", "launchSpecification", nested("instanceType", "g5.48xlarge", "imageId", "ami-01b96ae60b0386cdc")), mark: start})
	}
	var miners []*host
	for i := range 6 {
		h := &host{name: "miner", account: development, region: seoul, vpc: seoulVPC, subnet: "subnet-06f1f1d7d6ac2b570", zone: "apne2-az1",
			nic: "eni-0" + random(w.r, 16, hexes), instance: "i-0" + random(w.r, 16, hexes), private: fmt.Sprintf("172.31.7.%d", 20+i), public: fmt.Sprintf("198.51.100.%d", 201+i)}
		w.made[h.nic], w.made[h.instance] = true, true
		miners = append(miners, h)
	}
	var begun []raw
	for _, h := range miners {
		begun = append(begun, started(h.instance, "c5.24xlarge", h.private, h.subnet, h.vpc, "ami-0c9c942bd7bf113a2", "pending"))
	}
	w.made["ami-0c9c942bd7bf113a2"] = true // a public image of the other region
	do(20*second, call{source: "ec2", name: "RunInstances", region: seoul, write: true, request: run("c5.24xlarge", 6, "subnet-06f1f1d7d6ac2b570", "ami-0c9c942bd7bf113a2"), mark: start,
		response: object("requestId", string(uuid(nil, w.r)), "reservationId", "r-"+random(w.r, 17, hexes), "ownerId", development, "groupSet", nested(), "instancesSet", items(begun...))})
	do(10*second, call{source: "ec2", name: "CreateTags", region: seoul, write: true, request: object("resourcesSet", items(nested("resourceId", miners[0].instance)), "tagSet", items(nested("key", "Name", "value", "ci-runner"))),
		response: object("requestId", string(uuid(nil, w.r)), "_return", true), mark: start})
	mining := at + 4*minute

	// The way into production: a role that trusts the whole account.
	at += 10 * minute
	moving := mark("a role of production is taken with the key", "T1550.001")
	do(9*second, denied(call{source: "sts", name: "AssumeRole", write: true, request: object("roleArn", "arn:aws:iam::111122223333:role/admin", "roleSessionName", "x"), mark: moving}, "arn:aws:iam::111122223333:role/admin"))
	at += 12 * second
	taken := at
	w.at(taken, func(t int64) {
		s := w.assume(t, call{who: key, region: virginia, address: later, agent: agent + "sts.assume-role", mark: moving}, role{production, "/", "deploy-from-development"}, "build", false)
		at = t
		do(10*second, call{who: s, source: "sts", name: "GetCallerIdentity", mark: moving})
		for _, region := range []string{virginia, seoul} {
			for _, name := range []string{"DescribeInstances", "DescribeSubnets", "DescribeImages"} {
				do(4*second, call{who: s, source: "ec2", name: name, region: region, request: "{}", mark: mark("production is looked at", "T1580")})
			}
		}
		do(8*second, denied(call{who: s, source: "secretsmanager", name: "ListSecrets", mark: mark("production is looked at", "T1580")}, "*"))
		h := &host{instance: "i-0" + random(w.r, 16, hexes)}
		w.made[h.instance] = true
		request := run("c5.18xlarge", 2, "subnet-0fc05dc49a26b3548", "ami-0ebc20d1189e6ac45")
		do(20*second, call{who: s, source: "ec2", name: "RunInstances", write: true, err: "Client.VcpuLimitExceeded", request: request, mark: mark("instances are started in production", "T1578.002"),
			message: "You have requested more vCPU capacity than your current vCPU limit of 96 allows for the instance bucket that the specified instance type belongs to."})
		do(20*second, call{who: s, source: "ec2", name: "RunInstances", write: true, request: run("c5.9xlarge", 1, "subnet-0fc05dc49a26b3548", "ami-0ebc20d1189e6ac45"), mark: mark("instances are started in production", "T1578.002"),
			response: object("requestId", string(uuid(nil, w.r)), "reservationId", "r-"+random(w.r, 17, hexes), "ownerId", production, "groupSet", nested(),
				"instancesSet", items(started(h.instance, "c5.9xlarge", "10.20.17.200", "subnet-0fc05dc49a26b3548", shopVPC, "ami-0ebc20d1189e6ac45", "pending")))})
	})

	// Mining, until somebody sees it: six hours later, at work.
	end := min(mining+6*hour, w.o.Start.UnixMilli()+int64(w.o.Days)*day-20*minute)
	pools := []string{"pool.supportxmr.com", "xmr-asia1.nanopool.org"}
	pool := b.germany.random(w.r)
	for t := mining; t < end; t += slot {
		for i, h := range miners {
			if t == mining || w.r.IntN(4) == 0 {
				w.at(t+int64(i)*second, func(t int64) {
					w.ask(t, lookup{host: h, name: pools[i%2], typ: "A", answers: []string{pool}, mark: mark("the miners look for their pool", "T1496.001")})
				})
			}
			w.at(t+int64(i)*second+500, func(t int64) {
				w.talk(t, h, pool, true, 3333+i%2*11111, 40000+i, 40_000+w.r.IntN(9000), 60_000+w.r.IntN(9000), 590*second, mark("the miners talk to their pool", "T1496.001"))
			})
		}
	}
	w.at(end, func(t int64) { w.cleanUp(t, miners) })
}

// run is what RunInstances is asked for.
func run(typ string, n int, subnet, image string) string {
	pairs := []any{"instancesSet", items(nested("imageId", image, "minCount", 1, "maxCount", n)), "instanceType", typ, "blockDeviceMapping", nested(), "monitoring", nested("enabled", false),
		"disableApiTermination", true, "userData", "<sensitiveDataRemoved>"}
	if subnet != "" {
		pairs = append(pairs, "subnetId", subnet)
	}
	return object(pairs...)
}

// cleanUp is how a developer ends the miners. It belongs to nobody's attack.
func (w *world) cleanUp(at int64, miners []*host) {
	who := user(development, "/", "choi.minho", "AKIACHOIMINHOEXAMPLE", "")
	var ids, changed []raw
	for _, h := range miners {
		ids = append(ids, nested("instanceId", h.instance))
		changed = append(changed, nested("instanceId", h.instance, "currentState", nested("code", 32, "name", "shutting-down"), "previousState", nested("code", 16, "name", "running")))
		w.call(at+w.r.Int64N(second), call{who: who, region: seoul, source: "ec2", name: "ModifyInstanceAttribute", write: true, address: office, agent: cliMac + "ec2.modify-instance-attribute",
			request: object("instanceId", h.instance, "disableApiTermination", nested("value", false)), response: object("requestId", string(uuid(nil, w.r)), "_return", true)})
	}
	w.call(at+9*second, call{who: who, region: seoul, source: "ec2", name: "TerminateInstances", write: true, address: office, agent: cliMac + "ec2.terminate-instances",
		request: object("instancesSet", items(ids...)), response: object("requestId", string(uuid(nil, w.r)), "instancesSet", items(changed...))})
}
