#!/usr/bin/env python3
"""Fill an empty account on a local endpoint with a few resources, some with
flaws, for the check of the collect script. AWS_ENDPOINT_URL says where."""

import json

import boto3

REGION = "us-east-1"


def client(name):
    return boto3.client(name, region_name=REGION)


def main():
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="open-ssh", Description="open", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    ec2.create_volume(AvailabilityZone=REGION + "a", Size=8, Encrypted=False)
    ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group])

    s3 = client("s3")
    s3.create_bucket(Bucket="haetae-seed-open")
    s3.create_bucket(Bucket="haetae-seed-closed")
    s3.put_public_access_block(
        Bucket="haetae-seed-closed",
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_versioning(Bucket="haetae-seed-closed", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(
        Bucket="haetae-seed-open",
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::haetae-seed-open/*"},
        ]}),
    )

    iam = client("iam")
    iam.create_user(UserName="seed")
    iam.put_user_policy(
        UserName="seed", PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
    )

    kms = client("kms")
    kms.create_key(Description="not rotated")
    client("sqs").create_queue(QueueName="seed")
    client("sns").create_topic(Name="seed")
    client("rds").create_db_instance(
        DBInstanceIdentifier="seed", DBInstanceClass="db.t3.micro", Engine="postgres",
        MasterUsername="admin", MasterUserPassword="seed-password", AllocatedStorage=20,
        StorageEncrypted=False, PubliclyAccessible=True,
    )
    client("dynamodb").create_table(
        TableName="seed", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    client("cloudtrail").create_trail(Name="seed", S3BucketName="haetae-seed-closed")


if __name__ == "__main__":
    main()
