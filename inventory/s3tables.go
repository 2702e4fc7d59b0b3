package inventory

import "github.com/haetae/haetae"

const tableBuckets = "s3tables:ListTableBuckets tableBuckets[].arn"

// s3tables holds buckets of tables.
var s3tables = []Kind{{
	Type: "AWS::S3Tables::TableBucket",
	ARN:  "${ID}",
	Calls: []Call{
		{
			Op: "s3tables:ListTableBuckets", Lists: true, Member: "tableBuckets", Gives: []string{"*"}, Read: reading{
				member: "tableBuckets", id: "arn", arn: "arn", account: "ownerAccountId", props: []string{"TableBucketName=name"}, observed: []string{"TableBucketARN=arn"},
				more: func(_ *Answer, _ map[string]any, r *haetae.Resource) {
					r.Props["EncryptionConfiguration"] = elsewhere("EncryptionConfiguration", "s3tables:GetTableBucketEncryption")
					r.Props["Tags"] = elsewhere("Tags", "s3tables:ListTagsForResource")
				},
			}.read,
		}, {
			Op: "s3tables:GetTableBucketPolicy", Member: "resourcePolicy", Param: "tableBucketARN", Each: tableBuckets, Absent: []string{"NotFoundException"},
			Gives: []string{"ResourcePolicy"}, Read: foldsPolicy("tableBucketARN", "resourcePolicy", "ResourcePolicy"),
		},
	},
}}
