"""Without arguments makes a security group and a bucket and prints their names;
with them opens the group and removes the bucket."""

import json
import sys

import boto3

ec2, s3 = boto3.client("ec2"), boto3.client("s3")
if len(sys.argv) == 1:
    group = ec2.create_security_group(GroupName="refreshed", Description="-")["GroupId"]
    s3.create_bucket(Bucket="haetae-refreshed")
    print(json.dumps({"Group": group, "Bucket": "haetae-refreshed"}))
else:
    ec2.authorize_security_group_ingress(GroupId=sys.argv[1], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    s3.delete_bucket(Bucket=sys.argv[2])
