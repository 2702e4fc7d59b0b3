#!/usr/bin/env python3
"""Makes the flawed infrastructure of main.tf and template.yaml through AWS's own
API on a local endpoint, and prints what each logical id of template.yaml became:
{"LogicalId": {"type": resource type, "id": identifier}}. What the endpoint cannot
make is left out.

    AWS_ENDPOINT_URL=http://127.0.0.1:5701 terraform/testdata/live.py
"""

import io
import json
import os
import sys
import zipfile

import boto3
from botocore.config import Config

REGION = "eu-central-1"

if not os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://127.0.0.1:"):
    sys.exit("AWS_ENDPOINT_URL must be a server on this machine")

made = {}


def client(name, region=REGION):
    return boto3.client(name, region_name=region, config=Config(parameter_validation=False, retries={"max_attempts": 0}, s3={"addressing_style": "path"}))


def note(logical, kind, ident):
    made[logical] = {"type": kind, "id": ident}
    return ident


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def code():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(zipfile.ZipInfo("app.py", (2026, 1, 1, 0, 0, 0)), "def handler(event, context):\n    return None\n")
    return out.getvalue()


def storage():
    kms = client("kms")
    key = kms.create_key(Policy=policy(allow("kms:*", Principal="*")))["KeyMetadata"]["KeyId"]
    note("KeyMain", "AWS::KMS::Key", key)
    s3 = client("s3")
    s3.create_bucket(Bucket="acme-data", CreateBucketConfiguration={"LocationConstraint": REGION}, ObjectOwnership="ObjectWriter")
    note("Data", "AWS::S3::Bucket", "acme-data")
    s3.put_public_access_block(Bucket="acme-data", PublicAccessBlockConfiguration={
        "BlockPublicAcls": False, "BlockPublicPolicy": False, "IgnorePublicAcls": False, "RestrictPublicBuckets": False})
    s3.put_bucket_versioning(Bucket="acme-data", VersioningConfiguration={"Status": "Suspended"})
    s3.put_bucket_acl(Bucket="acme-data", ACL="public-read")
    # AWS encrypts every bucket (https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html).
    s3.put_bucket_encryption(Bucket="acme-data", ServerSideEncryptionConfiguration={
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]})
    s3.put_bucket_policy(Bucket="acme-data", Policy=policy(allow("s3:*", "arn:aws:s3:::acme-data/*", Principal="*")))
    efs = client("efs")
    files = efs.create_file_system(CreationToken="shared", Encrypted=False)["FileSystemId"]
    note("Shared", "AWS::EFS::FileSystem", files)
    note("AccessShared", "AWS::EFS::AccessPoint", efs.create_access_point(ClientToken="shared", FileSystemId=files)["AccessPointId"])


def network():
    ec2 = client("ec2")
    vpc = note("Main", "AWS::EC2::VPC", ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])
    subnets = []
    for i, zone in enumerate("ab"):
        s = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=REGION + zone)["Subnet"]["SubnetId"]
        ec2.modify_subnet_attribute(SubnetId=s, MapPublicIpOnLaunch={"Value": True})
        subnets.append(note(f"Public{i}", "AWS::EC2::Subnet", s))
    group = note("Open", "AWS::EC2::SecurityGroup", ec2.create_security_group(GroupName="open", Description="Managed by Terraform", VpcId=vpc)["GroupId"])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    acl = note("AclMain", "AWS::EC2::NetworkAcl", ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"])
    ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Protocol="-1", RuleAction="allow", CidrBlock="0.0.0.0/0", Egress=False)
    image = ec2.register_image(Name="base", RootDeviceName="/dev/xvda", Architecture="x86_64")["ImageId"]
    made_of = ec2.run_instances(
        ImageId=image, InstanceType="t2.micro", MinCount=1, MaxCount=1, MetadataOptions={"HttpEndpoint": "enabled", "HttpTokens": "optional"},
        NetworkInterfaces=[{"DeviceIndex": 0, "AssociatePublicIpAddress": True, "SubnetId": subnets[0], "Groups": [group]}],
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": False, "VolumeSize": 8}}])
    note("Bastion", "AWS::EC2::Instance", made_of["Instances"][0]["InstanceId"])
    template = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={
        "MetadataOptions": {"HttpTokens": "optional"}, "NetworkInterfaces": [{"AssociatePublicIpAddress": True}],
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": False}}]})
    note("TemplateWeb", "AWS::EC2::LaunchTemplate", template["LaunchTemplate"]["LaunchTemplateId"])
    note("VolumeData", "AWS::EC2::Volume", ec2.create_volume(AvailabilityZone=REGION + "a", Size=10, Encrypted=False)["VolumeId"])
    elbv2 = client("elbv2")
    lb = elbv2.create_load_balancer(Name="web", Scheme="internet-facing", Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0]["LoadBalancerArn"]
    note("LbWeb", "AWS::ElasticLoadBalancingV2::LoadBalancer", lb)
    listener = elbv2.create_listener(LoadBalancerArn=lb, Port=80, Protocol="HTTP", DefaultActions=[
        {"Type": "fixed-response", "FixedResponseConfig": {"ContentType": "text/plain", "StatusCode": "200"}}])
    note("ListenerWeb", "AWS::ElasticLoadBalancingV2::Listener", listener["Listeners"][0]["ListenerArn"])
    elb = client("elb")
    elb.create_load_balancer(LoadBalancerName="old", Subnets=subnets, Listeners=[
        {"LoadBalancerPort": 80, "Protocol": "http", "InstancePort": 80, "InstanceProtocol": "http"}])
    elb.modify_load_balancer_attributes(LoadBalancerName="old", LoadBalancerAttributes={
        "CrossZoneLoadBalancing": {"Enabled": False}, "ConnectionDraining": {"Enabled": False}})
    note("Old", "AWS::ElasticLoadBalancing::LoadBalancer", "old")
    return subnets, group


def identity():
    iam = client("iam", "us-east-1")
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}))
    iam.attach_role_policy(RoleName="app", PolicyArn=admin)
    iam.put_role_policy(RoleName="app", PolicyName="all", PolicyDocument=policy(allow("*")))
    note("RoleApp", "AWS::IAM::Role", "app")
    iam.create_user(UserName="ci")
    iam.put_user_policy(UserName="ci", PolicyName="s3", PolicyDocument=policy(allow("s3:*")))
    note("Ci", "AWS::IAM::User", "ci")
    every = iam.create_policy(PolicyName="all", PolicyDocument=policy(allow(["*", "iam:PassRole"])))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ci", PolicyArn=every)
    note("PolicyAll", "AWS::IAM::ManagedPolicy", every)
    iam.create_group(GroupName="admins")
    iam.attach_group_policy(GroupName="admins", PolicyArn=admin)
    note("Admins", "AWS::IAM::Group", "admins")
    function = client("lambda")
    iam.create_role(RoleName="build", AssumeRolePolicyDocument=policy(
        {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}))
    function.create_function(FunctionName="api", Role="arn:aws:iam::111111111111:role/app", Runtime="python3.8", Handler="app.handler", Code={"ZipFile": code()})
    function.add_permission(FunctionName="api", StatementId="all", Action="lambda:InvokeFunction", Principal="*")
    function.create_function_url_config(FunctionName="api", AuthType="NONE")
    note("Api", "AWS::Lambda::Function", "api")


def messages():
    sqs = client("sqs")
    work = sqs.create_queue(QueueName="work", Attributes={"SqsManagedSseEnabled": "false"})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=work, Attributes={"Policy": policy(allow("sqs:*", Principal="*"))})
    note("Work", "AWS::SQS::Queue", work)
    sns = client("sns")
    alarms = sns.create_topic(Name="alarms")["TopicArn"]
    sns.set_topic_attributes(TopicArn=alarms, AttributeName="Policy", AttributeValue=policy(allow("sns:Publish", Principal="*")))
    sns.subscribe(TopicArn=alarms, Protocol="http", Endpoint="http://example.com/alarms")
    note("Alarms", "AWS::SNS::Topic", alarms)
    client("kinesis").create_stream(StreamName="clicks", ShardCount=1)
    note("Clicks", "AWS::Kinesis::Stream", "clicks")
    client("logs").create_log_group(logGroupName="app")
    note("App", "AWS::Logs::LogGroup", "app")
    note("Token", "AWS::SecretsManager::Secret", client("secretsmanager").create_secret(Name="token", SecretString="none")["ARN"])
    trail = client("cloudtrail")
    trail.create_trail(Name="one", S3BucketName="acme-data", IncludeGlobalServiceEvents=False)
    note("One", "AWS::CloudTrail::Trail", "one")
    bus = client("mq").create_broker(
        BrokerName="bus", EngineType="ACTIVEMQ", EngineVersion="5.18", HostInstanceType="mq.m5.large", PubliclyAccessible=True,
        DeploymentMode="SINGLE_INSTANCE", AutoMinorVersionUpgrade=False, Users=[{"Username": "admin", "Password": "in-plain-text"}])
    note("Bus", "AWS::AmazonMQ::Broker", bus["BrokerId"])
    note("DetectorMain", "AWS::GuardDuty::Detector", client("guardduty").create_detector(Enable=False)["DetectorId"])


def databases(group):
    rds = client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="shop", Engine="mysql", DBInstanceClass="db.m5.large", AllocatedStorage=100, MasterUsername="admin", MasterUserPassword="in-plain-text",
        PubliclyAccessible=True, StorageEncrypted=False, BackupRetentionPeriod=0, AutoMinorVersionUpgrade=False, VpcSecurityGroupIds=[group])
    note("Shop", "AWS::RDS::DBInstance", "shop")
    rds.create_db_cluster(DBClusterIdentifier="orders", Engine="aurora-mysql", MasterUsername="admin", MasterUserPassword="in-plain-text")
    note("Orders", "AWS::RDS::DBCluster", "orders")
    client("neptune").create_db_cluster(DBClusterIdentifier="graph", Engine="neptune", StorageEncrypted=False)
    note("GraphCluster", "AWS::Neptune::DBCluster", "graph")
    client("dynamodb").create_table(
        TableName="carts", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    note("Carts", "AWS::DynamoDB::Table", "carts")
    client("elasticache").create_replication_group(
        ReplicationGroupId="sessions", ReplicationGroupDescription="sessions", Engine="redis", EngineVersion="5.0.6", CacheNodeType="cache.m5.large", NumCacheClusters=1,
        AutomaticFailoverEnabled=False, AtRestEncryptionEnabled=False, TransitEncryptionEnabled=False, AutoMinorVersionUpgrade=False)
    note("Sessions", "AWS::ElastiCache::ReplicationGroup", "sessions")
    client("redshift").create_cluster(
        ClusterIdentifier="facts", ClusterType="single-node", NodeType="ra3.large", MasterUsername="awsuser", MasterUserPassword="In-plain-text-1", DBName="dev",
        Encrypted=False, PubliclyAccessible=True, AllowVersionUpgrade=False, AutomatedSnapshotRetentionPeriod=1)
    note("Facts", "AWS::Redshift::Cluster", "facts")
    client("opensearch").create_domain(
        DomainName="search", EngineVersion="OpenSearch_1.0", EncryptionAtRestOptions={"Enabled": False}, NodeToNodeEncryptionOptions={"Enabled": False},
        DomainEndpointOptions={"EnforceHTTPS": False, "TLSSecurityPolicy": "Policy-Min-TLS-1-0-2019-07"}, ClusterConfig={"InstanceCount": 1},
        AccessPolicies=policy(allow("es:*", Principal="*")))
    note("Search", "AWS::OpenSearchService::Domain", "search")


def containers(subnets):
    ecr = client("ecr")
    ecr.create_repository(repositoryName="shop")
    ecr.set_repository_policy(repositoryName="shop", policyText=policy({"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}))
    note("RepositoryShop", "AWS::ECR::Repository", "shop")
    ecs = client("ecs")
    cluster = ecs.create_cluster(clusterName="main", settings=[{"name": "containerInsights", "value": "disabled"}])["cluster"]["clusterArn"]
    note("ClusterMain", "AWS::ECS::Cluster", "main")
    task = ecs.register_task_definition(family="shop", networkMode="host", pidMode="host", containerDefinitions=[
        {"name": "shop", "image": "shop:latest", "user": "root", "privileged": True, "memory": 512}])["taskDefinition"]["taskDefinitionArn"]
    note("TaskShop", "AWS::ECS::TaskDefinition", task)
    service = ecs.create_service(cluster=cluster, serviceName="shop", taskDefinition=task, launchType="FARGATE", networkConfiguration={
        "awsvpcConfiguration": {"subnets": subnets, "securityGroups": [], "assignPublicIp": "ENABLED"}})["service"]["serviceArn"]
    note("ServiceShop", "AWS::ECS::Service", service)
    client("eks").create_cluster(name="main", roleArn="arn:aws:iam::111122223333:role/eks", version="1.24", resourcesVpcConfig={
        "subnetIds": subnets, "endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]})
    note("EksMain", "AWS::EKS::Cluster", "main")


def front():
    cdn = client("cloudfront", "us-east-1").create_distribution(DistributionConfig={
        "CallerReference": "shop", "Comment": "", "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{"Id": "shop", "DomainName": "shop-origin.example.com", "CustomOriginConfig": {
            "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only", "OriginSslProtocols": {"Quantity": 1, "Items": ["SSLv3"]}}}]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "shop", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "AllowedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"], "CachedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]}}},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True}})
    note("CdnShop", "AWS::CloudFront::Distribution", cdn["Distribution"]["Id"])
    api = client("apigateway")
    rest = api.create_rest_api(name="shop")["id"]
    root = api.get_resources(restApiId=rest)["items"][0]["id"]
    api.put_method(restApiId=rest, resourceId=root, httpMethod="GET", authorizationType="NONE")
    api.put_integration(restApiId=rest, resourceId=root, httpMethod="GET", type="HTTP", integrationHttpMethod="GET", uri="http://example.com")
    deployment = api.create_deployment(restApiId=rest)["id"]
    api.create_stage(restApiId=rest, stageName="prod", deploymentId=deployment)
    note("RestShop", "AWS::ApiGateway::RestApi", rest)
    note("Prod", "AWS::ApiGateway::Stage", f"{rest}|prod")
    client("codebuild").create_project(
        name="build", serviceRole="arn:aws:iam::111111111111:role/build", artifacts={"type": "NO_ARTIFACTS"},
        environment={"computeType": "BUILD_GENERAL1_SMALL", "image": "aws/codebuild/standard:1.0", "type": "LINUX_CONTAINER", "privilegedMode": True},
        source={"type": "NO_SOURCE", "location": "none", "buildspec": "version: 0.2"}, logsConfig={"cloudWatchLogs": {"status": "DISABLED"}})
    note("Build", "AWS::CodeBuild::Project", "build")
    client("sagemaker").create_notebook_instance(
        NotebookInstanceName="lab", RoleArn="arn:aws:iam::111122223333:role/lab", InstanceType="ml.t3.medium", DirectInternetAccess="Enabled", RootAccess="Enabled")
    note("Lab", "AWS::SageMaker::NotebookInstance", "lab")


def main():
    storage()
    subnets, group = network()
    identity()
    messages()
    databases(group)
    containers(subnets)
    front()
    json.dump(made, sys.stdout, indent=1)
    print()


main()
