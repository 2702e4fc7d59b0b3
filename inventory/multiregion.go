package inventory

import "github.com/haetae/haetae"

const (
	// oregon alone answers for access points of several regions
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/MrapOperations.html).
	oregon      = "us-west-2"
	mrapNames   = "s3control:ListMultiRegionAccessPoints AccessPoints[].Name"
	lambdaNames = "s3control:ListAccessPointsForObjectLambda ObjectLambdaAccessPointList[].Name"
)

// multiRegion holds the access points of several regions, and those whose
// objects a function changes.
var multiRegion = []Kind{{
	Type: "AWS::S3::MultiRegionAccessPoint", Global: true, Finish: nameMultiRegion,
	Calls: []Call{
		{
			Op: "s3control:ListMultiRegionAccessPoints", Actions: []string{"s3:ListMultiRegionAccessPoints"}, Home: oregon, Lists: true, Member: "AccessPoints[].Regions",
			Params: ofAccount, Gives: []string{"*"}, Read: reading{
				member: "AccessPoints", id: "Name", props: []string{"Name", "PublicAccessBlockConfiguration=PublicAccessBlock"},
				observed: []string{"Alias", "CreatedAt", "Status"}, state: "Status", gone: []string{"DELETING"},
				more: func(_ *Answer, x map[string]any, r *haetae.Resource) {
					buckets, regions := []any{}, []any{}
					for b := range objects(x["Regions"]) {
						buckets = append(buckets, take(b, "Bucket", "BucketAccountId"))
						regions = append(regions, take(b, "Bucket", "Region"))
					}
					r.Props["Regions"], r.Observed["BucketRegions"] = buckets, regions
				},
			}.read,
		},
		mrapCall("GetMultiRegionAccessPointPolicy", "Policy.Established", "Policy", foldsPolicy("Name", "Policy.Established.Policy", "Policy")),
		mrapCall("GetMultiRegionAccessPointPolicyStatus", "Established", "Observed.PolicyStatus", folds("Name", func(a *Answer) (props, observed map[string]any) {
			return nil, take(a.Body, "PolicyStatus=Established")
		})),
	},
}, {
	Type: "AWS::S3ObjectLambda::AccessPoint",
	ARN:  "arn:${Partition}:s3-object-lambda:${Region}:${Account}:accesspoint/${ID}",
	Calls: []Call{
		{
			Op: "s3control:ListAccessPointsForObjectLambda", Actions: []string{"s3:ListAccessPointsForObjectLambda"}, Lists: true, Member: "ObjectLambdaAccessPointList",
			Params: ofAccount, Read: reading{
				member: "ObjectLambdaAccessPointList", id: "Name", arn: "ObjectLambdaAccessPointArn", props: []string{"Name"}, observed: []string{"Arn=ObjectLambdaAccessPointArn", "Alias"},
			}.read,
		},
		lambdaAccessPoint("GetAccessPointForObjectLambda", "Alias", "*", "", folds("Name", func(a *Answer) (props, observed map[string]any) {
			return take(a.Body, "Name"), take(a.Body, "PublicAccessBlockConfiguration", "CreationDate", "Alias")
		})),
		lambdaAccessPoint("GetAccessPointConfigurationForObjectLambda", "Configuration.SupportingAccessPoint", "ObjectLambdaConfiguration", "",
			folds("Name", func(a *Answer) (props, observed map[string]any) {
				return take(a.Body, "ObjectLambdaConfiguration=Configuration"), nil
			})),
		lambdaAccessPoint("GetAccessPointPolicyForObjectLambda", "Policy", "PolicyDocument", "NoSuchAccessPointPolicy", foldsPolicy("Name", "Policy", "PolicyDocument")),
		lambdaAccessPoint("GetAccessPointPolicyStatusForObjectLambda", "PolicyStatus", "Observed.PolicyStatus", "NoSuchAccessPointPolicy",
			folds("Name", func(a *Answer) (props, observed map[string]any) { return nil, take(a.Body, "PolicyStatus") })),
	},
}}

// mrapCall is a call about one access point of several regions.
func mrapCall(op, member, gives string, read func(*Answer) []*haetae.Resource) Call {
	return Call{
		Op: "s3control:" + op, Actions: []string{"s3:" + op}, Home: oregon, Member: member, Param: "Name", Each: mrapNames, Params: ofAccount,
		Absent: []string{"NoSuchMultiRegionAccessPointPolicy"}, Gives: []string{gives}, Read: read,
	}
}

// lambdaAccessPoint is a call about one access point with a function.
func lambdaAccessPoint(op, member, gives, absent string, read func(*Answer) []*haetae.Resource) Call {
	c := Call{
		Op: "s3control:" + op, Actions: []string{"s3:" + op}, Member: member, Param: "Name", Each: lambdaNames, Params: ofAccount, Gives: []string{gives}, Read: read,
	}
	if absent != "" {
		c.Absent = []string{absent}
	}
	return c
}

// nameMultiRegion gives an access point its ARN, in which its alias stands and
// no region (https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointRequests.html).
func nameMultiRegion(r *haetae.Resource) {
	if alias := str(r.Observed, "Alias"); alias != "" && r.Account != "" {
		r.ARN = "arn:aws:s3::" + r.Account + ":accesspoint/" + alias
	}
}
