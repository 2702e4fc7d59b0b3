package inventory

import "github.com/haetae/haetae"

const accessPointNames = "s3control:ListAccessPoints AccessPointList[].Name"

// accessPoints holds the access points of buckets, region by region.
var accessPoints = []Kind{{
	Type: "AWS::S3::AccessPoint",
	ARN:  "arn:${Partition}:s3:${Region}:${Account}:accesspoint/${ID}",
	Calls: []Call{
		{
			Op: "s3control:ListAccessPoints", Actions: []string{"s3:ListAccessPoints"}, Lists: true, Member: "AccessPointList",
			Params: ofAccount, Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("AccessPointList") {
					out = append(out, accessPoint(x))
				}
				return out
			},
		},
		ofAccessPoint("GetAccessPoint", "NetworkOrigin", "", func(a *Answer) *haetae.Resource {
			r := accessPoint(a.Body)
			if b := object(a.Body, "PublicAccessBlockConfiguration"); b != nil {
				r.Props["PublicAccessBlockConfiguration"] = b
			}
			for k, v := range take(a.Body, "CreationDate") {
				r.Observed[k] = v
			}
			return r
		}, "*"),
		ofAccessPoint("GetAccessPointPolicy", "Policy", "NoSuchAccessPointPolicy", func(a *Answer) *haetae.Resource {
			return resource(str(a.Body, "Name"), map[string]any{"Policy": policy(a.Body["Policy"])})
		}, "Policy"),
		ofAccessPoint("GetAccessPointPolicyStatus", "PolicyStatus", "NoSuchAccessPointPolicy", func(a *Answer) *haetae.Resource {
			r := resource(str(a.Body, "Name"), nil)
			r.Observed = take(a.Body, "PolicyStatus")
			return r
		}, "Observed.PolicyStatus"),
	},
}}

// ofAccount names the account that is asked.
var ofAccount = map[string]any{"AccountId": "${Account}"}

// ofAccessPoint is a call about one access point.
func ofAccessPoint(op, member, absent string, reader func(*Answer) *haetae.Resource, gives string) Call {
	c := Call{
		Op: "s3control:" + op, Actions: []string{"s3:" + op}, Member: member, Param: "Name", Each: accessPointNames,
		Params: ofAccount, Gives: []string{gives},
		Read: func(a *Answer) []*haetae.Resource { return []*haetae.Resource{reader(a)} },
	}
	if absent != "" {
		c.Absent = []string{absent}
	}
	return c
}

func accessPoint(x map[string]any) *haetae.Resource {
	r := resource(str(x, "Name"), take(x, "Name", "Bucket", "BucketAccountId", "VpcConfiguration"))
	r.ARN = str(x, "AccessPointArn")
	r.Observed = take(x, "Arn=AccessPointArn", "Alias", "NetworkOrigin")
	return r
}
