package logs

import "fmt"

// The keys of production that records name.
const (
	shopKey   = "6f045ff3-9b24-4e69-adad-affa4fb43cb9"
	backupKey = "b9470091-6a56-43ff-a3b2-8a6879b736a0"
	trailKey  = "f2eb81e4-81c1-4491-ab20-cdd613e6d7da" // of the log archive
)

// The endpoints of the shop's VPC.
const (
	s3Endpoint     = "vpce-058f6200e3babaecd"
	secretEndpoint = "vpce-0698d08cb864977e4"
)

// crowd is how busy the shop is at a time, 1 on average: Korea sleeps, and shops in
// the evening.
func crowd(ms int64) float64 {
	return [24]float64{1.0, 1.1, 1.2, 1.3, 1.2, 1.2, 1.3, 1.3, 1.2, 1.1, 1.4, 1.8, 2.0, 1.9, 1.5, 1.0, 0.6, 0.3, 0.2, 0.15, 0.15, 0.2, 0.4, 0.8}[ms/hour%24]
}

// issued is a session of a machine and when it got it.
type issued struct {
	identity
	at int64
}

// machine is the session of an instance, function or task: whoever runs it hands it
// credentials every six hours, which is a record too.
func (w *world) machine(r role, name, by string, more ...any) identity {
	id := r.name + "/" + name
	if i, ok := w.sessions[id]; ok && w.from-i.at < 6*hour {
		return i.identity
	}
	i := w.session(r, name, w.from, false, more...)
	w.handOut(w.from, i, r, name, by)
	w.sessions[id] = issued{i, w.from}
	return i
}

// handOut is the record of a service that takes a role for a machine.
func (w *world) handOut(at int64, i identity, r role, name, by string) {
	w.call(at, call{who: service(by), account: r.account, region: virginia, source: "sts", name: "AssumeRole", address: by, agent: by, write: true,
		shared: string(uuid(nil, w.r)), resources: []resource{{"AWS::IAM::Role", r.arn(), r.account}},
		request: object("roleArn", r.arn(), "roleSessionName", name, "durationSeconds", 21600), response: granted(i, at+5*hour)})
}

// instance is the session of an instance's role.
func (w *world) instance(h *host, roleName string) identity {
	return w.machine(role{h.account, "/", roleName}, h.instance, "ec2.amazonaws.com", "ec2RoleDelivery", "2.0")
}

func (w *world) addMachines() {
	p := newPlaces()
	shop := append(p.shop[:2:2], p.runner)
	w.habit("shop-app", nil, func() {
		busy := crowd(w.from)
		for _, h := range shop {
			share := busy
			if h == p.runner {
				share /= 4
			}
			w.times(6*share, func(t int64) { w.upload(t, w.instance(h, "shop-app"), h) })
			w.times(1.5*share, func(t int64) {
				w.object(t, call{who: w.instance(h, "shop-app"), name: "PutObject", address: h.private, agent: javaSDK, endpoint: s3Endpoint}, bucket("haenyeo-customer-exports"),
					fmt.Sprintf("orders/%s/%s.json", clock(t, "2006/01/02"), random(w.r, 8, hexes)), 2000+w.r.IntN(9000))
			})
			w.times(0.5, func(t int64) {
				who := w.instance(h, "shop-app")
				arn := "arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/orders-db-e0cae2"
				w.call(t, call{who: who, region: virginia, source: "secretsmanager", name: "GetSecretValue", address: h.private, agent: javaSDK, endpoint: secretEndpoint, request: object("secretId", arn)})
				w.call(t+30, call{who: who, through: "secretsmanager.amazonaws.com", region: virginia, source: "kms", name: "Decrypt", address: "secretsmanager.amazonaws.com", agent: "secretsmanager.amazonaws.com",
					request:   object("encryptionContext", nested("SecretARN", arn), "encryptionAlgorithm", "SYMMETRIC_DEFAULT"),
					resources: []resource{{"AWS::KMS::Key", "arn:aws:kms:us-east-1:111122223333:key/" + shopKey, production}}})
			})
			w.times(2, func(t int64) {
				w.call(t, call{who: w.instance(h, "shop-app"), region: virginia, source: "ssm", name: "UpdateInstanceInformation", address: h.outside(), agent: ssmAgent, write: true,
					request: object("instanceId", h.instance, "agentVersion", "3.3.2746.0", "agentStatus", "Active", "platformType", "Linux", "platformName", "Amazon Linux", "platformVersion", "2023",
						"iPAddress", h.private, "computerName", "ip-10-20-16-41.ec2.internal", "agentName", "amazon-ssm-agent")})
			})
		}
	})
	w.habit("legacy-web", nil, func() {
		for _, h := range p.legacy {
			w.times(2.5*crowd(w.from), func(t int64) {
				w.object(t, call{who: w.instance(h, "legacy-web"), name: "GetObject", address: h.public, agent: phpSDK}, bucket("haenyeo-web-assets"),
					fmt.Sprintf("legacy/img/%d.jpg", w.r.IntN(900)), 30000+w.r.IntN(90000))
			})
			w.times(0.3, func(t int64) {
				w.call(t, call{who: w.instance(h, "legacy-web"), region: virginia, source: "ssm", name: "GetParameter", address: h.public, agent: phpSDK,
					request:   object("name", "/shop/legacy/db-password", "withDecryption", false),
					resources: []resource{{"", "arn:aws:ssm:us-east-1:111122223333:parameter/shop/legacy/db-password", production}}})
			})
		}
	})
	w.habit("functions", nil, func() {
		cloud := newBlocks().cloud
		picture := func() identity {
			return w.machine(role{production, "/", "picture-import"}, "picture-import", "lambda.amazonaws.com")
		}
		w.times(10*crowd(w.from), func(t int64) {
			address, _ := one(cloud, w.r.IntN(40))
			who := picture()
			w.object(t, call{who: who, name: "GetObject", address: address, agent: boto}, bucket("haenyeo-uploads"), "incoming/"+random(w.r, 12, hexes)+".jpg", 200_000+w.r.IntN(900_000))
			if w.r.IntN(4) == 0 {
				w.decrypt(t+40, who, production, shopKey, "haenyeo-uploads")
			}
		})
		w.times(8*crowd(w.from), func(t int64) {
			address, _ := one(cloud, 100+w.r.IntN(40))
			who := w.machine(role{production, "/", "thumbnails"}, "thumbnails", "lambda.amazonaws.com")
			name, key := "GetObject", "incoming/"
			to := bucket("haenyeo-uploads")
			if w.r.IntN(2) == 0 {
				name, key, to = "PutObject", "thumbs/", bucket("haenyeo-web-assets")
			}
			w.object(t, call{who: who, name: name, address: address, agent: "aws-sdk-js/3.888.0 ua/2.1 os/linux lang/js md/nodejs#16.20.2 api/s3#3.888.0"}, to, key+random(w.r, 12, hexes)+".jpg", 9000+w.r.IntN(50000))
		})
		w.times(0.6, func(t int64) {
			address, _ := one(cloud, w.r.IntN(40))
			w.call(t, call{who: picture(), region: virginia, source: "logs", name: "CreateLogStream", address: address, agent: "awslambda-worker/1.0", write: true,
				request: object("logGroupName", "/aws/lambda/picture-import", "logStreamName", clock(t, "2006/01/02")+"/[$LATEST]"+random(w.r, 32, hexes))})
		})
	})
	w.habit("containers", nil, func() {
		w.times(3*crowd(w.from), func(t int64) {
			who := w.machine(role{production, "/", "worker-task"}, "7c2f1e0d9b8a4c5d8e6f708192a3b4c5", "ecs-tasks.amazonaws.com")
			c := call{who: who, name: "GetObject", address: p.runner.private, agent: boto, endpoint: s3Endpoint}
			key := "incoming/" + random(w.r, 12, hexes) + ".jpg"
			switch w.r.IntN(6) {
			case 0:
				c.name, key = "ListObjects", ""
			case 1:
				c.name = "DeleteObject" // what has been worked off
			}
			w.object(t, c, bucket("haenyeo-uploads"), key, 200_000)
		})
		w.times(0.2, func(t int64) { w.taskStart(t) })
		for i, h := range p.nodes {
			w.made[h.instance], w.made[h.nic] = true, true
			w.times(0.4, func(t int64) {
				who := w.instance(h, "eks-nodes")
				w.call(t, call{who: who, region: virginia, source: "ec2", name: "DescribeNetworkInterfaces", address: h.outside(), agent: "amazon-vpc-cni-k8s aws-sdk-go-v2/1.38.3 os/linux lang/go#1.24.6",
					request: object("networkInterfaceIdSet", items(nested("networkInterfaceId", h.nic)), "filterSet", nested())})
				if i == 0 && w.r.IntN(3) == 0 {
					w.call(t+500, call{who: who, region: virginia, source: "ecr", name: "GetAuthorizationToken", address: h.outside(), agent: "ecr-credential-provider aws-sdk-go-v2/1.38.3", request: object("registryIds", []string{production})})
				}
			})
		}
	})
	w.habit("scaling", nil, w.scaling)
}

// upload is a picture that a customer gives.
func (w *world) upload(at int64, who identity, h *host) {
	w.object(at, call{who: who, name: "PutObject", address: h.private, agent: javaSDK, endpoint: s3Endpoint,
		response: object("x-amz-server-side-encryption", "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:111122223333:key/"+shopKey)},
		bucket("haenyeo-uploads"), "incoming/"+random(w.r, 12, hexes)+".jpg", 200_000+w.r.IntN(900_000))
	if w.r.IntN(4) == 0 { // the bucket's key serves for the rest
		w.kms(at+30, who, production, shopKey, "GenerateDataKey", "haenyeo-uploads")
	}
}

// taskStart is the start of a container: its image and its secret are fetched.
func (w *world) taskStart(at int64) {
	task := random(w.r, 32, hexes)
	who := w.session(role{production, "/", "ecs-execution"}, task, at, false)
	w.handOut(at, who, role{production, "/", "ecs-execution"}, task, "ecs-tasks.amazonaws.com")
	address, _ := one(newBlocks().cloud, 300+w.r.IntN(20))
	repository := resource{"AWS::ECR::Repository", "arn:aws:ecr:us-east-1:111122223333:repository/shop/checkout", production}
	w.call(at+400, call{who: who, region: virginia, source: "ecr", name: "GetAuthorizationToken", address: address, agent: "aws-sdk-go/1.55.5 amazon-ecs-agent"})
	w.call(at+700, call{who: who, region: virginia, source: "ecr", name: "BatchGetImage", address: address, agent: "containerd/2.0.6", resources: []resource{repository},
		request: object("registryId", production, "repositoryName", "shop/checkout", "imageIds", list(nested("imageTag", "2026.11.18")))})
	w.call(at+900, call{who: who, region: virginia, source: "ecr", name: "GetDownloadUrlForLayer", address: address, agent: "containerd/2.0.6", resources: []resource{repository},
		request: object("registryId", production, "repositoryName", "shop/checkout", "layerDigest", "sha256:"+random(w.r, 64, hexes))})
	w.call(at+1300, call{who: who, region: virginia, source: "secretsmanager", name: "GetSecretValue", address: address, agent: "aws-sdk-go/1.55.5 amazon-ecs-agent",
		request: object("secretId", "arn:aws:secretsmanager:us-east-1:111122223333:secret:shop/orders-db-e0cae2")})
}

// scaling is Auto Scaling, which starts an instance for the evening and ends it at night.
func (w *world) scaling() {
	at := w.from + 90*second
	scaler := w.linked(production, "autoscaling", "AutoScaling", "AutoScaling")
	id := "i-" + fmt.Sprintf("%017x", hash(clock(w.from, "2006-01-02")+"evening")&0xfffffffffffffff|0x700000000000000)
	c := call{who: scaler, through: "autoscaling.amazonaws.com", region: virginia, source: "ec2", address: "autoscaling.amazonaws.com", agent: "autoscaling.amazonaws.com", write: true}
	switch w.from % day {
	case 10 * hour:
		c.name = "RunInstances"
		c.request = object("instancesSet", items(nested("minCount", 1, "maxCount", 1)), "instanceType", "m7g.large", "blockDeviceMapping", nested(), "monitoring", nested("enabled", false),
			"subnetId", "subnet-08f85c35aa9568591", "launchTemplate", nested("launchTemplateId", "lt-09e19418e46060c39", "version", "14"), "clientToken", string(uuid(nil, w.r)))
		c.response = object("requestId", string(uuid(nil, w.r)), "reservationId", "r-"+random(w.r, 17, hexes), "ownerId", production, "groupSet", nested(), "instancesSet", items(started(id, "m7g.large", "10.20.20.91", "subnet-08f85c35aa9568591", shopVPC, "ami-0ebc20d1189e6ac45", "pending")))
	case 16 * hour:
		c.name = "TerminateInstances"
		c.request = object("instancesSet", items(nested("instanceId", id)))
		c.response = object("requestId", string(uuid(nil, w.r)), "instancesSet", items(nested("instanceId", id, "currentState", nested("code", 32, "name", "shutting-down"), "previousState", nested("code", 16, "name", "running"))))
	default:
		if w.r.IntN(3) == 0 {
			c.name, c.write = "DescribeInstanceStatus", false
			c.request = object("instancesSet", items(nested("instanceId", "i-0d43750a6f9ec1706"), nested("instanceId", "i-04f2483b6833db739")), "filterSet", nested(), "includeAllInstances", false)
			w.call(at, c)
		}
		return
	}
	w.made[id] = true
	w.call(at, c)
}

// started is how EC2 answers of one instance.
func started(id, typ, private, subnet, vpc, image, state string) raw {
	return nested("instanceId", id, "imageId", image, "currentState", nested("code", 0, "name", state), "privateIpAddress", private, "instanceType", typ,
		"subnetId", subnet, "vpcId", vpc, "instanceState", nested("code", 0, "name", state))
}
