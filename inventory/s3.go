package inventory

import (
	"cmp"

	"github.com/haetae/haetae"
)

// s3 holds buckets. They are listed once per account, and each has a region.
var s3 = []Kind{{
	Type: "AWS::S3::Bucket", Global: true,
	ARN: "arn:${Partition}:s3:::${ID}",
	Calls: []Call{
		{
			Op: "s3api:ListBuckets", Actions: []string{"s3:ListAllMyBuckets"}, Lists: true,
			// With a size of the page AWS tells the buckets' regions.
			Member: "Buckets", Params: map[string]any{"MaxBuckets": int64(1000)}, Gives: []string{"*"}, Read: readBuckets,
		},
		ofBucket("GetBucketLocation", "s3:GetBucketLocation", "LocationConstraint", "", readBucketLocation, "Observed.Region"),
		ofBucket("GetBucketPolicy", "s3:GetBucketPolicy", "Policy", "NoSuchBucketPolicy", bucketProps(func(b map[string]any) map[string]any {
			return map[string]any{"PolicyDocument": policy(b["Policy"])}
		}), "PolicyDocument"),
		ofBucket("GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", "PolicyStatus", "NoSuchBucketPolicy",
			observes("Bucket", "PolicyStatus"), "Observed.PolicyStatus"),
		ofBucket("GetBucketAcl", "s3:GetBucketAcl", "Grants", "", readBucketACL, "Grants", "Observed.Owner"),
		ofBucket("GetBucketEncryption", "s3:GetEncryptionConfiguration", "ServerSideEncryptionConfiguration",
			"ServerSideEncryptionConfigurationNotFoundError", bucketProps(bucketEncryption), "BucketEncryption"),
		ofBucket("GetBucketVersioning", "s3:GetBucketVersioning", "", "", readBucketVersioning, "VersioningConfiguration", "Observed.MfaDelete"),
		ofBucket("GetBucketLogging", "s3:GetBucketLogging", "LoggingEnabled", "", bucketProps(bucketLogging), "LoggingConfiguration"),
		ofBucket("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", "PublicAccessBlockConfiguration",
			"NoSuchPublicAccessBlockConfiguration", bucketProps(func(b map[string]any) map[string]any {
				return take(b, "PublicAccessBlockConfiguration")
			}), "PublicAccessBlockConfiguration").unset(func() map[string]any {
			return map[string]any{"PublicAccessBlockConfiguration": map[string]any{
				"BlockPublicAcls": false, "IgnorePublicAcls": false, "BlockPublicPolicy": false, "RestrictPublicBuckets": false,
			}}
		}),
		ofBucket("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls", "OwnershipControls",
			"OwnershipControlsNotFoundError", bucketProps(func(b map[string]any) map[string]any { return take(b, "OwnershipControls") }), "OwnershipControls").
			unset(func() map[string]any { return map[string]any{"OwnershipControls": map[string]any{"Rules": []any{}}} }),
		ofBucket("GetBucketTagging", "s3:GetBucketTagging", "TagSet", "NoSuchTagSet",
			bucketProps(func(b map[string]any) map[string]any { return take(b, "Tags=TagSet") }), "Tags"),
		ofBucket("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration", "Rules", "NoSuchLifecycleConfiguration",
			bucketProps(bucketLifecycle), "LifecycleConfiguration"),
		ofBucket("GetBucketReplication", "s3:GetReplicationConfiguration", "ReplicationConfiguration",
			"ReplicationConfigurationNotFoundError", bucketProps(bucketReplication), "ReplicationConfiguration"),
		ofBucket("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration", "ObjectLockConfiguration",
			"ObjectLockConfigurationNotFoundError", bucketProps(func(b map[string]any) map[string]any {
				p := take(b, "ObjectLockConfiguration")
				p["ObjectLockEnabled"] = str(b, "ObjectLockConfiguration.ObjectLockEnabled") == "Enabled"
				return p
			}), "ObjectLockConfiguration", "ObjectLockEnabled"),
		ofBucket("GetBucketNotificationConfiguration", "s3:GetBucketNotification", "", "", bucketProps(bucketNotifications), "NotificationConfiguration"),
		ofBucket("GetBucketWebsite", "s3:GetBucketWebsite", "", "NoSuchWebsiteConfiguration", bucketProps(bucketWebsite), "WebsiteConfiguration"),
		ofBucket("GetBucketRequestPayment", "s3:GetBucketRequestPayment", "Payer", "", func(a *Answer) []*haetae.Resource {
			r := resource(str(a.Body, "Bucket"), nil)
			r.Observed = take(a.Body, "RequestPayer=Payer")
			return []*haetae.Resource{r}
		}, "Observed.RequestPayer"),
		ofBucket("GetBucketAccelerateConfiguration", "s3:GetAccelerateConfiguration", "", "", bucketProps(func(b map[string]any) map[string]any {
			return take(b, "AccelerateConfiguration.AccelerationStatus=Status")
		}), "AccelerateConfiguration"),
		ofBucket("GetBucketAbac", "s3:GetBucketAbac", "AbacStatus", "", bucketProps(func(b map[string]any) map[string]any {
			return take(b, "AbacStatus=AbacStatus.Status")
		}), "AbacStatus").unset(func() map[string]any { return map[string]any{"AbacStatus": "Disabled"} }),
		ofBucket("GetBucketCors", "s3:GetBucketCORS", "CORSRules", "NoSuchCORSConfiguration", bucketProps(bucketCORS), "CorsConfiguration"),
	},
}}

// ofBucket is a call about one bucket.
func ofBucket(op, action, member, absent string, read func(*Answer) []*haetae.Resource, gives ...string) Call {
	c := Call{
		Op: "s3api:" + op, Actions: []string{action}, Member: member, Param: "Bucket",
		Each: "s3api:ListBuckets Buckets[].Name", Gives: gives, Read: read,
	}
	if absent != "" {
		c.Absent = []string{absent}
	}
	return c
}

// unset says what a bucket has that was made before AWS turned the property on
// for new ones.
func (c Call) unset(values func() map[string]any) Call {
	c.Unset = values
	return c
}

// bucketProps makes a reader of a function from the answer to properties.
func bucketProps(of func(map[string]any) map[string]any) func(*Answer) []*haetae.Resource {
	return func(a *Answer) []*haetae.Resource {
		return []*haetae.Resource{resource(str(a.Body, "Bucket"), of(a.Body))}
	}
}

func readBuckets(a *Answer) (out []*haetae.Resource) {
	for b := range a.each("Buckets") {
		r := resource(str(b, "Name"), take(b, "BucketName=Name"))
		r.Account = a.Account
		r.Region = str(b, "BucketRegion")
		r.Observed = take(b, "CreationDate", "Region=BucketRegion")
		out = append(out, r)
	}
	return out
}

func readBucketLocation(a *Answer) []*haetae.Resource {
	r := resource(str(a.Body, "Bucket"), nil)
	// Null is the first region; the other name is older than regions' names.
	r.Region = cmp.Or(str(a.Body, "LocationConstraint"), "us-east-1")
	if r.Region == "EU" {
		r.Region = "eu-west-1"
	}
	r.Observed = map[string]any{"Region": r.Region}
	return []*haetae.Resource{r}
}

func readBucketACL(a *Answer) []*haetae.Resource {
	grants := []any{}
	for g := range a.each("Grants") {
		grants = append(grants, take(g, "Permission", "Grantee"))
	}
	r := resource(str(a.Body, "Bucket"), map[string]any{"Grants": grants})
	r.Observed = take(a.Body, "Owner")
	return []*haetae.Resource{r}
}

func bucketEncryption(b map[string]any) map[string]any {
	list := []any{}
	for x := range objects(get(b, "ServerSideEncryptionConfiguration.Rules")) {
		list = append(list, take(x, "ServerSideEncryptionByDefault=ApplyServerSideEncryptionByDefault", "BucketKeyEnabled", "BlockedEncryptionTypes"))
	}
	return map[string]any{"BucketEncryption": map[string]any{"ServerSideEncryptionConfiguration": list}}
}

func readBucketVersioning(a *Answer) []*haetae.Resource {
	p := map[string]any{}
	if s := str(a.Body, "Status"); s != "" {
		p["VersioningConfiguration"] = map[string]any{"Status": s}
	}
	r := resource(str(a.Body, "Bucket"), p)
	r.Observed = take(a.Body, "MfaDelete=MFADelete")
	return []*haetae.Resource{r}
}

func bucketLogging(b map[string]any) map[string]any {
	l := object(b, "LoggingEnabled")
	if l == nil {
		return nil
	}
	return map[string]any{"LoggingConfiguration": take(l, "DestinationBucketName=TargetBucket", "LogFilePrefix=TargetPrefix", "TargetObjectKeyFormat")}
}

func bucketLifecycle(b map[string]any) map[string]any {
	list := []any{}
	for x := range objects(b["Rules"]) {
		p := take(x, "Id=ID", "Prefix", "Status", "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration",
			"ExpirationInDays=Expiration.Days", "ExpirationDate=Expiration.Date",
			"ExpiredObjectDeleteMarker=Expiration.ExpiredObjectDeleteMarker")
		filter := object(x, "Filter")
		tags := []any{}
		for _, f := range []map[string]any{filter, object(filter, "And")} {
			for k, v := range take(f, "Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan") {
				p[k] = v
			}
			if t := object(f, "Tag"); t != nil {
				tags = append(tags, t)
			}
			if t, ok := f["Tags"].([]any); ok {
				tags = append(tags, t...)
			}
		}
		if len(tags) > 0 {
			p["TagFilters"] = tags
		}
		moves := func(to, from string, names ...string) {
			moved := []any{}
			for t := range objects(x[from]) {
				moved = append(moved, take(t, names...))
			}
			if len(moved) > 0 {
				p[to] = moved
			}
		}
		moves("Transitions", "Transitions", "StorageClass", "TransitionInDays=Days", "TransitionDate=Date")
		moves("NoncurrentVersionTransitions", "NoncurrentVersionTransitions", "StorageClass", "TransitionInDays=NoncurrentDays", "NewerNoncurrentVersions")
		list = append(list, p)
	}
	return map[string]any{"LifecycleConfiguration": map[string]any{"Rules": list}}
}

func bucketReplication(b map[string]any) map[string]any {
	list := []any{}
	for x := range objects(get(b, "ReplicationConfiguration.Rules")) {
		list = append(list, take(x, "Id=ID", "Priority", "Prefix", "Status", "DeleteMarkerReplication", "Destination",
			"SourceSelectionCriteria", "Filter.Prefix", "Filter.TagFilter=Filter.Tag",
			"Filter.And.Prefix", "Filter.And.TagFilters=Filter.And.Tags"))
	}
	return map[string]any{"ReplicationConfiguration": map[string]any{"Role": get(b, "ReplicationConfiguration.Role"), "Rules": list}}
}

// bucketNotifications makes one configuration of each event.
func bucketNotifications(b map[string]any) map[string]any {
	n := map[string]any{}
	for _, c := range [][4]string{
		{"TopicConfigurations", "TopicConfigurations", "Topic", "TopicArn"},
		{"QueueConfigurations", "QueueConfigurations", "Queue", "QueueArn"},
		{"LambdaConfigurations", "LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"},
	} {
		list := []any{}
		for x := range objects(b[c[1]]) {
			for e := range texts(x["Events"]) {
				one := take(x, c[2]+"="+c[3], "Filter.S3Key.Rules=Filter.Key.FilterRules")
				one["Event"] = e
				list = append(list, one)
			}
		}
		if len(list) > 0 {
			n[c[0]] = list
		}
	}
	if has(b, "EventBridgeConfiguration") {
		n["EventBridgeConfiguration"] = map[string]any{"EventBridgeEnabled": true}
	}
	if len(n) == 0 {
		return nil
	}
	return map[string]any{"NotificationConfiguration": n}
}

func bucketWebsite(b map[string]any) map[string]any {
	w := take(b, "IndexDocument=IndexDocument.Suffix", "ErrorDocument=ErrorDocument.Key", "RedirectAllRequestsTo")
	routes := []any{}
	for x := range objects(b["RoutingRules"]) {
		routes = append(routes, take(x, "RoutingRuleCondition=Condition", "RedirectRule=Redirect"))
	}
	if len(routes) > 0 {
		w["RoutingRules"] = routes
	}
	return map[string]any{"WebsiteConfiguration": w}
}

func bucketCORS(b map[string]any) map[string]any {
	list := []any{}
	for x := range objects(b["CORSRules"]) {
		list = append(list, take(x, "Id=ID", "AllowedHeaders", "AllowedMethods", "AllowedOrigins", "ExposedHeaders=ExposeHeaders", "MaxAge=MaxAgeSeconds"))
	}
	return map[string]any{"CorsConfiguration": map[string]any{"CorsRules": list}}
}
