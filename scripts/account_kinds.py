"""What account.py makes: for each kind its share in a thousand resources, how
many of them have one with flaws, and a function (place, number, flawed).

Names hold the number only, so that they are the same in each run. What haetae
must say of a resource is planted where nothing but the flaw decides it."""

import io
import json
import zipfile

KINDS = []


def kind(share, every=3):
    """Registers a function as a kind: share per thousand, one in `every` flawed."""
    def register(f):
        KINDS.append((f.__name__, share, every, f))
        return f
    return register


def code():
    """A zipped Lambda function that is the same each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(zipfile.ZipInfo("main.py", (2026, 1, 1, 0, 0, 0)), "def handler(event, context):\n    return None\n")
    return out.getvalue()


CODE = code()


def allow(action, resource, **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service):
    return policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


ADMIN = policy(allow("*", "*"))
READ = policy(allow(["s3:GetObject"], "arn:aws:s3:::data-1/*"))
TAGS = [{"Key": "team", "Value": "payments"}, {"Key": "stage", "Value": "production"}]


def prepare(p):
    """What each region needs before the rest: a network, a key, a role."""
    p.vpc = p.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    p.subnets = [
        p.ec2.create_subnet(VpcId=p.vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=p.region + zone)["Subnet"]["SubnetId"]
        for i, zone in enumerate("abc")
    ]
    gateway = p.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    p.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=p.vpc)
    table = p.ec2.create_route_table(VpcId=p.vpc)["RouteTable"]["RouteTableId"]
    p.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    p.ec2.associate_route_table(RouteTableId=table, SubnetId=p.subnets[0])
    p.group = p.ec2.create_security_group(GroupName="inside", Description="inside", VpcId=p.vpc)["GroupId"]
    p.image = "ami-0abcdef1234567890"  # the endpoint takes any
    p.key = p.kms.create_key(Description="main", Tags=[{"TagKey": "team", "TagValue": "payments"}])["KeyMetadata"]["Arn"]
    p.kms.create_alias(AliasName="alias/main", TargetKeyId=p.key)
    p.kms.enable_key_rotation(KeyId=p.key)
    p.plant("kms-key-rotation-enabled", True, p.key.split("/")[-1])
    p.role = f"arn:aws:iam::{p.account}:role/service"
    p.zones = [p.region + "a", p.region + "b"]
    p.images = p.databases = p.functions = p.clusters = None
    p.instances, p.groups, p.buckets, p.topics, p.log_groups, p.volumes, p.ecs_clusters = [], [p.group], [], [], [], [], []
    if p.first:
        p.iam.create_role(RoleName="service", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
        p.iam.create_instance_profile(InstanceProfileName="instances")
        p.iam.add_role_to_instance_profile(InstanceProfileName="instances", RoleName="service")
        account(p, p.account == "111111111111")
    region(p, p.first)


def account(p, good):
    p.iam.update_account_password_policy(
        MinimumPasswordLength=14 if good else 8, RequireSymbols=good, RequireNumbers=good, RequireUppercaseCharacters=good,
        RequireLowercaseCharacters=good, MaxPasswordAge=90 if good else 365, PasswordReusePrevention=24 if good else 1,
    )
    for c in ("length-14", "symbol", "number", "uppercase", "lowercase", "reuse-24", "expires-within-90-days"):
        p.plant("iam-password-policy-" + c, good, p.account, everywhere=True)
    p.s3control.put_public_access_block(AccountId=p.account, PublicAccessBlockConfiguration=dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False))
    p.plant("s3-account-public-access-block-enabled", False, p.account, everywhere=True)
    p.iam.create_account_alias(AccountAlias="haetae-" + p.account)
    p.iam.create_open_id_connect_provider(Url="https://token.actions.githubusercontent.com", ThumbprintList=["a" * 40], ClientIDList=["sts.amazonaws.com"])


def region(p, good):
    """The first region of an account is well set up, the others are not."""
    if good:
        p.ec2.enable_ebs_encryption_by_default()
    p.plant("ec2-ebs-default-encryption-enabled", good, p.region)
    if good:
        p.guardduty.create_detector(Enable=True)
        p.config.put_configuration_recorder(ConfigurationRecorder={
            "name": "default", "roleARN": p.role, "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True}})
    p.plant("guardduty-detector-enabled", good, p.region)


# Storage.

@kind(15)
def bucket(p, i, bad):
    name = f"haetae-bench-{p.account}-{i}"
    where = {} if p.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": p.region}}
    p.s3.create_bucket(Bucket=name, **where)
    p.buckets.append(name)
    arn = f"arn:aws:s3:::{name}"
    p.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": TAGS})
    if bad:
        p.s3.put_bucket_policy(Bucket=name, Policy=policy(allow("s3:GetObject", arn + "/*", Principal="*")))
    else:
        p.s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True))
        p.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        p.s3.put_bucket_policy(Bucket=name, Policy=policy({
            "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, arn + "/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}))
        p.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [
            {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": p.key}, "BucketKeyEnabled": True}]})
        p.s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [
            {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 365}}]})
    for c in ("public-access-block-enabled", "versioning-enabled", "tls-required", "no-public-read", "lifecycle-configured", "default-encryption-kms"):
        p.plant("s3-bucket-" + c, not bad, name)
    p.plant("s3-bucket-no-public-write", True, name)


@kind(10)
def file_system(p, i, bad):
    fs = p.efs.create_file_system(CreationToken=f"fs-{i}", Encrypted=not bad, Tags=TAGS)["FileSystemId"]
    p.plant("efs-file-system-encrypted", not bad, fs)
    p.efs.create_mount_target(FileSystemId=fs, SubnetId=p.subnets[0], SecurityGroups=[p.group])
    if i % 2:
        p.efs.create_access_point(FileSystemId=fs, ClientToken=f"ap-{i}")


# Network.

@kind(3, 2)
def vpc(p, i, bad):
    v = p.ec2.create_vpc(CidrBlock=f"10.{1 + i % 250}.0.0/16")["Vpc"]["VpcId"]
    p.ec2.create_route_table(VpcId=v)
    p.ec2.create_network_acl(VpcId=v)
    p.ec2.create_vpc_endpoint(VpcId=v, ServiceName=f"com.amazonaws.{p.region}.s3", VpcEndpointType="Gateway")
    for n in range(3):
        s = p.ec2.create_subnet(VpcId=v, CidrBlock=f"10.{1 + i % 250}.{n}.0/24", AvailabilityZone=p.zones[n % 2])["Subnet"]["SubnetId"]
        if bad:
            p.ec2.modify_subnet_attribute(SubnetId=s, MapPublicIpOnLaunch={"Value": True})
        p.plant("vpc-subnet-no-auto-public-ip", not bad, s)
    if not bad:
        p.logs.create_log_group(logGroupName=f"/vpc/flow-{i}")
        p.ec2.create_flow_logs(ResourceType="VPC", ResourceIds=[v], TrafficType="ALL", LogGroupName=f"/vpc/flow-{i}", DeliverLogsPermissionArn=p.role)
    p.plant("vpc-flow-logs-enabled", not bad, v)


@kind(60, 7)
def security_group(p, i, bad):
    g = p.ec2.create_security_group(GroupName=f"group-{i}", Description=f"service {i}", VpcId=p.vpc)["GroupId"]
    p.groups.append(g)
    port, source = ((22, 3389)[i // 7 % 2], "0.0.0.0/0") if bad else (443, "10.0.0.0/8")
    p.ec2.authorize_security_group_ingress(GroupId=g, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source, "Description": "service"}]}])
    p.plant("ec2-security-group-ssh-not-open", port != 22, g)
    p.plant("ec2-security-group-rdp-not-open", port != 3389, g)
    p.plant("ec2-security-group-high-risk-ports-not-open", not bad, g)


@kind(10, 2)
def address(p, i, bad):
    e = p.ec2.allocate_address(Domain="vpc")
    if not bad and p.instances:
        p.ec2.associate_address(AllocationId=e["AllocationId"], InstanceId=p.instances[-1])
    if bad:
        p.plant("ec2-eip-attached", False, e["AllocationId"])


@kind(6)
def load_balancer(p, i, bad):
    b = p.elbv2.create_load_balancer(Name=f"lb-{i}", Subnets=p.subnets[:2], SecurityGroups=[p.group], Tags=TAGS)["LoadBalancers"][0]["LoadBalancerArn"]
    t = p.elbv2.create_target_group(Name=f"tg-{i}", Protocol="HTTP", Port=80, VpcId=p.vpc)["TargetGroups"][0]["TargetGroupArn"]
    p.elbv2.create_listener(LoadBalancerArn=b, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": t}])
    p.elbv2.modify_load_balancer_attributes(LoadBalancerArn=b, Attributes=[{"Key": "deletion_protection.enabled", "Value": str(not bad).lower()}])
    p.plant("elbv2-deletion-protection-enabled", not bad, b)


@kind(1)
def classic_load_balancer(p, i, bad):
    p.elb.create_load_balancer(LoadBalancerName=f"classic-{i}", AvailabilityZones=p.zones, Listeners=[
        {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}])
    p.plant("elb-listeners-encrypted", False, f"classic-{i}")


@kind(2)
def nat_gateway(p, i, bad):
    p.ec2.create_nat_gateway(SubnetId=p.subnets[0], AllocationId=p.ec2.allocate_address(Domain="vpc")["AllocationId"])


@kind(1, 2)
def transit_gateway(p, i, bad):
    t = p.ec2.create_transit_gateway(Options={"AutoAcceptSharedAttachments": "enable" if bad else "disable"})["TransitGateway"]["TransitGatewayId"]
    p.plant("vpc-transit-gateway-auto-accept-disabled", not bad, t)


@kind(1)
def peering(p, i, bad):
    other = p.ec2.create_vpc(CidrBlock="172.16.0.0/16")["Vpc"]["VpcId"]
    p.ec2.create_vpc_peering_connection(VpcId=p.vpc, PeerVpcId=other)


@kind(3)
def hosted_zone(p, i, bad):
    z = p.route53.create_hosted_zone(Name=f"zone-{i}.example.com", CallerReference=str(i))["HostedZone"]["Id"]
    p.route53.change_resource_record_sets(HostedZoneId=z, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": {
        "Name": f"www.zone-{i}.example.com", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.1"}]}}]})
    p.plant("route53-query-logging-enabled", False, z.split("/")[-1], everywhere=True)


@kind(3)
def distribution(p, i, bad):
    d = p.cloudfront.create_distribution(DistributionConfig={
        "CallerReference": str(i), "Comment": "", "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "example.com", "CustomOriginConfig": {
            "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only", "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]}}}]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all" if bad else "redirect-to-https", "MinTTL": 0,
                                 "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}},
    })["Distribution"]["Id"]
    p.plant("cloudfront-viewer-https-required", not bad, d, everywhere=True)


@kind(2)
def web_acl(p, i, bad):
    p.wafv2.create_web_acl(Name=f"acl-{i}", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=[], VisibilityConfig={
        "SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": f"acl-{i}"})


# Machines.

@kind(20, 2)
def launch_template(p, i, bad):
    t = p.ec2.create_launch_template(LaunchTemplateName=f"template-{i}", LaunchTemplateData={
        "ImageId": p.image, "InstanceType": "t3.micro",
        "MetadataOptions": {"HttpTokens": "optional" if bad else "required", "HttpEndpoint": "enabled"}})
    p.plant("ec2-launch-template-imdsv2-required", not bad, t["LaunchTemplate"]["LaunchTemplateId"])


@kind(90)
def instance(p, i, bad):
    more = {} if bad else {"IamInstanceProfile": {"Name": "instances"}, "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"}}
    n = p.ec2.run_instances(
        ImageId=p.image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=p.subnets[i % 3],
        SecurityGroupIds=[p.groups[i % len(p.groups)]], Monitoring={"Enabled": not bad},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": f"machine-{i}"}, *TAGS]}], **more,
    )["Instances"][0]["InstanceId"]
    p.instances.append(n)
    p.plant("ec2-instance-imdsv2-required", not bad, n)
    p.plant("ec2-instance-profile-attached", not bad, n)
    p.plant("ec2-instance-detailed-monitoring-enabled", not bad, n)


@kind(50, 3)
def volume(p, i, bad):
    # The first regions encrypt by default; the flaw says otherwise.
    v = p.ec2.create_volume(AvailabilityZone=p.zones[0], Size=8, Encrypted=not bad)["VolumeId"]
    p.volumes.append(v)
    p.plant("ec2-volume-encrypted", not bad, v)


@kind(70, 20)
def snapshot(p, i, bad):
    s = p.ec2.create_snapshot(VolumeId=p.volumes[i % len(p.volumes)], Description=f"nightly {i}")["SnapshotId"]
    if bad:
        p.ec2.modify_snapshot_attribute(SnapshotId=s, Attribute="createVolumePermission", OperationType="add", GroupNames=["all"])
    p.plant("ec2-snapshot-not-public", not bad, s)


@kind(8, 4)
def image(p, i, bad):
    m = p.ec2.create_image(InstanceId=p.instances[i % len(p.instances)], Name=f"image-{i}")["ImageId"]
    if bad:
        p.ec2.modify_image_attribute(ImageId=m, LaunchPermission={"Add": [{"Group": "all"}]})
    p.plant("ec2-image-not-public", not bad, m)


@kind(4, 2)
def auto_scaling_group(p, i, bad):
    p.autoscaling.create_launch_configuration(LaunchConfigurationName=f"launch-{i}", ImageId=p.image, InstanceType="t3.micro", AssociatePublicIpAddress=bad)
    p.plant("autoscaling-launch-configuration-no-public-ip", not bad, f"launch-{i}")
    p.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=f"scaling-{i}", LaunchConfigurationName=f"launch-{i}", MinSize=0, MaxSize=2, DesiredCapacity=0,
        VPCZoneIdentifier=p.subnets[0] if bad else ",".join(p.subnets[:2]))
    p.plant("autoscaling-multiple-zones", not bad, f"scaling-{i}")


# Identities.

@kind(85, 4)
def policy_document(p, i, bad):
    arn = p.iam.create_policy(PolicyName=f"policy-{i}", PolicyDocument=ADMIN if bad and i % 20 == 0 else READ)["Policy"]["Arn"]
    p.plant("iam-policy-no-admin", not (bad and i % 20 == 0), arn, everywhere=True)


@kind(20, 5)
def user(p, i, bad):
    name = f"user-{i}"
    p.iam.create_user(UserName=name, Tags=TAGS)
    if i % 3 == 0:
        p.iam.create_access_key(UserName=name)
    if bad:
        p.iam.create_login_profile(UserName=name, Password="Only-For-The-Bench-1")
        p.iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=ADMIN)
        p.plant("iam-user-console-mfa-enabled", False, name, everywhere=True)
    p.plant("iam-user-inline-no-admin", not bad, name, everywhere=True)
    p.plant("iam-user-no-inline-policy", not bad, name, everywhere=True)


@kind(3, 2)
def group(p, i, bad):
    p.iam.create_group(GroupName=f"team-{i}")
    if bad:
        p.iam.put_group_policy(GroupName=f"team-{i}", PolicyName="all", PolicyDocument=ADMIN)
    p.plant("iam-group-inline-no-admin", not bad, f"team-{i}", everywhere=True)


@kind(85, 7)
def role(p, i, bad):
    name = f"role-{i}"
    who = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    p.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(who) if bad else trust("ec2.amazonaws.com"), Tags=TAGS)
    p.iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=ADMIN if bad else READ)
    p.plant("iam-role-inline-no-admin", not bad, name, everywhere=True)
    p.plant("iam-role-trust-not-public", not bad, name, everywhere=True)


@kind(20)
def key(p, i, bad):
    k = p.kms.create_key(Description=f"key {i}")["KeyMetadata"]["KeyId"]
    if not bad:
        p.kms.enable_key_rotation(KeyId=k)
    p.plant("kms-key-rotation-enabled", not bad, k)
    if i % 2:
        p.kms.create_alias(AliasName=f"alias/key-{i}", TargetKeyId=k)


@kind(20, 2)
def secret(p, i, bad):
    s = p.secretsmanager.create_secret(Name=f"secret-{i}", SecretString="only-for-the-bench", Tags=TAGS)["ARN"]
    p.plant("secretsmanager-secret-rotation-enabled", False, s)


@kind(5, 2)
def certificate(p, i, bad):
    p.acm.request_certificate(DomainName=f"site-{i}.example.com", ValidationMethod="DNS")


# Logs and alarms.

@kind(1, 2)
def trail(p, i, bad):
    b = f"haetae-trails-{p.account}-{i}"
    p.s3.create_bucket(Bucket=b, **({} if p.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": p.region}}))
    name = f"trail-{i}"
    p.cloudtrail.create_trail(Name=name, S3BucketName=b, EnableLogFileValidation=not bad, IsMultiRegionTrail=not bad, **({} if bad else {"KmsKeyId": p.key}))
    if not bad:
        p.cloudtrail.start_logging(Name=name)
    for c in ("logging", "log-validation-enabled", "kms-encrypted"):
        p.plant("cloudtrail-trail-" + c, not bad, name)


@kind(90, 3)
def log_group(p, i, bad):
    name = f"/service/{i}"
    p.logs.create_log_group(logGroupName=name, **({} if bad else {"kmsKeyId": p.key}))
    p.log_groups.append(name)
    if not bad:
        p.logs.put_retention_policy(logGroupName=name, retentionInDays=365)
    p.plant("logs-group-retention-set", not bad, name)
    p.plant("logs-group-kms-encrypted", not bad, name)


@kind(6)
def metric_filter(p, i, bad):
    p.logs.put_metric_filter(logGroupName=p.log_groups[0], filterName=f"filter-{i}", filterPattern="{ $.userIdentity.type = \"Root\" }",
                             metricTransformations=[{"metricName": f"m-{i}", "metricNamespace": "bench", "metricValue": "1"}])


@kind(40, 5)
def alarm(p, i, bad):
    p.cloudwatch.put_metric_alarm(
        AlarmName=f"alarm-{i}", MetricName="CPUUtilization", Namespace="AWS/EC2", Statistic="Average", Period=300, EvaluationPeriods=1,
        Threshold=90, ComparisonOperator="GreaterThanThreshold", ActionsEnabled=not bad,
        AlarmActions=[f"arn:aws:sns:{p.region}:{p.account}:topic-0"])
    p.plant("cloudwatch-alarm-actions-enabled", not bad, f"alarm-{i}")


@kind(15)
def event_rule(p, i, bad):
    p.events.put_rule(Name=f"rule-{i}", ScheduleExpression="rate(1 day)", State="ENABLED")


# Messages.

@kind(20, 4)
def topic(p, i, bad):
    t = p.sns.create_topic(Name=f"topic-{i}", Attributes={} if bad else {"KmsMasterKeyId": p.key})["TopicArn"]
    p.topics.append(t)
    if bad:
        p.sns.set_topic_attributes(TopicArn=t, AttributeName="Policy", AttributeValue=policy(allow("sns:Publish", t, Principal="*")))
    p.plant("sns-topic-encrypted-with-kms", not bad, t)
    p.plant("sns-topic-not-public", not bad, t)


@kind(8)
def subscription(p, i, bad):
    p.sns.subscribe(TopicArn=p.topics[i % len(p.topics)], Protocol="email", Endpoint=f"team-{i}@example.com")


@kind(25, 4)
def queue(p, i, bad):
    q = p.sqs.create_queue(QueueName=f"queue-{i}", Attributes={"SqsManagedSseEnabled": "false"} if bad else {"KmsMasterKeyId": p.key})["QueueUrl"]
    if bad:
        arn = f"arn:aws:sqs:{p.region}:{p.account}:queue-{i}"
        p.sqs.set_queue_attributes(QueueUrl=q, Attributes={"Policy": policy(allow("sqs:SendMessage", arn, Principal="*"))})
    p.plant("sqs-queue-encrypted", not bad, f"queue-{i}")
    p.plant("sqs-queue-not-public", not bad, f"queue-{i}")


@kind(4, 2)
def stream(p, i, bad):
    p.kinesis.create_stream(StreamName=f"stream-{i}", ShardCount=1)
    if not bad:
        p.kinesis.start_stream_encryption(StreamName=f"stream-{i}", EncryptionType="KMS", KeyId=p.key)
    p.plant("kinesis-stream-encrypted", not bad, f"stream-{i}")


# Data.

@kind(20, 3)
def table(p, i, bad):
    name = f"table-{i}"
    p.dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", DeletionProtectionEnabled=not bad,
                            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    if not bad:
        p.dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    p.plant("dynamodb-table-pitr-enabled", not bad, name)
    p.plant("dynamodb-table-deletion-protection", not bad, name)


@kind(8, 3)
def database(p, i, bad):
    name = f"database-{i}"
    p.rds.create_db_instance(
        DBInstanceIdentifier=name, DBInstanceClass="db.t3.micro", Engine="postgres", MasterUsername="keeper", MasterUserPassword="only-for-the-bench",
        AllocatedStorage=20, StorageEncrypted=not bad, PubliclyAccessible=bad, DeletionProtection=not bad, MultiAZ=not bad,
        BackupRetentionPeriod=0 if bad else 14, CopyTagsToSnapshot=not bad, AutoMinorVersionUpgrade=not bad)
    for c in ("storage-encrypted", "not-public", "deletion-protection", "multi-az", "backups-enabled", "copy-tags-to-snapshots", "minor-version-upgrade"):
        p.plant("rds-instance-" + c, not bad, name)
    if i % 2:
        p.rds.create_db_snapshot(DBSnapshotIdentifier=f"snapshot-{i}", DBInstanceIdentifier=name)


@kind(2, 2)
def database_cluster(p, i, bad):
    p.rds.create_db_cluster(DBClusterIdentifier=f"cluster-{i}", Engine="aurora-postgresql", MasterUsername="keeper", MasterUserPassword="only-for-the-bench",
                            StorageEncrypted=not bad, DeletionProtection=not bad, CopyTagsToSnapshot=not bad)
    for c in ("storage-encrypted", "deletion-protection", "copy-tags-to-snapshots"):
        p.plant("rds-cluster-" + c, not bad, f"cluster-{i}")


@kind(1, 2)
def warehouse(p, i, bad):
    p.redshift.create_cluster(ClusterIdentifier=f"warehouse-{i}", NodeType="ra3.large", MasterUsername="keeper", MasterUserPassword="Only-For-The-Bench-1",
                              Encrypted=not bad, PubliclyAccessible=bad)
    p.plant("redshift-cluster-encrypted", not bad, f"warehouse-{i}")
    p.plant("redshift-cluster-not-public", not bad, f"warehouse-{i}")


@kind(2, 2)
def cache(p, i, bad):
    p.elasticache.create_replication_group(
        ReplicationGroupId=f"cache-{i}", ReplicationGroupDescription="cache", Engine="redis", CacheNodeType="cache.t3.micro",
        AtRestEncryptionEnabled=not bad, TransitEncryptionEnabled=not bad)
    p.plant("elasticache-replication-group-encrypted-at-rest", not bad, f"cache-{i}")


@kind(1, 2)
def search_domain(p, i, bad):
    p.opensearch.create_domain(DomainName=f"search-{i}", EngineVersion="OpenSearch_2.11", EncryptionAtRestOptions={"Enabled": not bad},
                               NodeToNodeEncryptionOptions={"Enabled": not bad})
    p.plant("opensearch-domain-encrypted-at-rest", not bad, f"search-{i}")
    p.plant("opensearch-domain-node-to-node-encryption", not bad, f"search-{i}")


@kind(2, 2)
def vault(p, i, bad):
    p.backup.create_backup_vault(BackupVaultName=f"vault-{i}")
    p.backup.create_backup_plan(BackupPlan={"BackupPlanName": f"plan-{i}", "Rules": [
        {"RuleName": "daily", "TargetBackupVaultName": f"vault-{i}", "ScheduleExpression": "cron(0 5 * * ? *)", "Lifecycle": {"DeleteAfterDays": 35}}]})


@kind(70, 9)
def parameter(p, i, bad):
    p.ssm.put_parameter(Name=f"/service/{i}/endpoint", Value="https://example.com", Type="String" if bad else "SecureString")


@kind(3, 3)
def document(p, i, bad):
    name = f"document-{i}"
    p.ssm.create_document(Name=name, DocumentType="Command", Content=json.dumps({
        "schemaVersion": "2.2", "description": "x", "mainSteps": [{"action": "aws:runShellScript", "name": "x", "inputs": {"runCommand": ["true"]}}]}))
    if bad:
        p.ssm.modify_document_permission(Name=name, PermissionType="Share", AccountIdsToAdd=["all"])
    p.plant("ssm-document-not-public", not bad, name)


# Code.

@kind(50, 4)
def function(p, i, bad):
    name = f"function-{i}"
    p.client("lambda").create_function(
        FunctionName=name, Runtime="python3.7" if bad else "python3.13", Role=p.role, Handler="main.handler", Code={"ZipFile": CODE},
        TracingConfig={"Mode": "PassThrough" if bad else "Active"},
        **({} if bad else {"VpcConfig": {"SubnetIds": p.subnets[:2], "SecurityGroupIds": [p.group]}}))
    if bad:
        p.client("lambda").add_permission(FunctionName=name, StatementId="all", Action="lambda:InvokeFunction", Principal="*")
    for c in ("lambda-runtime-supported", "lambda-function-tracing-active", "lambda-function-in-vpc", "lambda-function-not-public"):
        p.plant(c, not bad, name)


@kind(10, 3)
def repository(p, i, bad):
    name = f"repository-{i}"
    p.ecr.create_repository(repositoryName=name, imageTagMutability="MUTABLE" if bad else "IMMUTABLE", imageScanningConfiguration={"scanOnPush": not bad})
    p.plant("ecr-repository-tags-immutable", not bad, name)
    p.plant("ecr-repository-scan-on-push", not bad, name)


@kind(2, 2)
def container_cluster(p, i, bad):
    p.ecs.create_cluster(clusterName=f"containers-{i}", settings=[{"name": "containerInsights", "value": "disabled" if bad else "enabled"}])
    p.ecs_clusters.append(f"containers-{i}")
    p.plant("ecs-cluster-container-insights-enabled", not bad, f"containers-{i}")


@kind(8, 4)
def container_service(p, i, bad):
    t = p.ecs.register_task_definition(family=f"task-{i}", networkMode="awsvpc", containerDefinitions=[
        {"name": "main", "image": "example/service:1", "memory": 128, "privileged": bad, "readonlyRootFilesystem": not bad}])["taskDefinition"]["taskDefinitionArn"]
    p.ecs.create_service(cluster=p.ecs_clusters[0], serviceName=f"service-{i}", taskDefinition=t, desiredCount=0, launchType="FARGATE",
                         networkConfiguration={"awsvpcConfiguration": {"subnets": p.subnets[:1], "securityGroups": [p.group], "assignPublicIp": "ENABLED" if bad else "DISABLED"}})
    p.plant("ecs-task-not-privileged", not bad, t)
    p.plant("ecs-task-root-filesystem-read-only", not bad, t)
    p.plant("ecs-service-no-public-ip", not bad, f"service-{i}")


@kind(1, 2)
def kubernetes_cluster(p, i, bad):
    p.eks.create_cluster(name=f"kubernetes-{i}", roleArn=p.role, resourcesVpcConfig={
        "subnetIds": p.subnets[:2], "endpointPublicAccess": bad, "endpointPrivateAccess": not bad})
    p.eks.create_nodegroup(clusterName=f"kubernetes-{i}", nodegroupName="main", subnets=p.subnets[:2], nodeRole=p.role)


@kind(4, 2)
def rest_api(p, i, bad):
    a = p.apigateway.create_rest_api(name=f"api-{i}")["id"]
    root = p.apigateway.get_resources(restApiId=a)["items"][0]["id"]
    p.apigateway.put_method(restApiId=a, resourceId=root, httpMethod="GET", authorizationType="NONE" if bad else "AWS_IAM")
    p.apigateway.put_integration(restApiId=a, resourceId=root, httpMethod="GET", type="HTTP", uri="https://example.com", integrationHttpMethod="GET")
    d = p.apigateway.create_deployment(restApiId=a)["id"]
    p.apigateway.create_stage(restApiId=a, stageName="live", deploymentId=d, tracingEnabled=not bad)


@kind(2, 2)
def http_api(p, i, bad):
    a = p.apigatewayv2.create_api(Name=f"http-{i}", ProtocolType="HTTP")["ApiId"]
    p.apigatewayv2.create_stage(ApiId=a, StageName="live")
    p.apigatewayv2.create_route(ApiId=a, RouteKey="GET /", AuthorizationType="NONE" if bad else "AWS_IAM")


@kind(4, 2)
def state_machine(p, i, bad):
    p.stepfunctions.create_state_machine(name=f"machine-{i}", roleArn=p.role, definition=json.dumps(
        {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}))


@kind(3, 2)
def build_project(p, i, bad):
    p.codebuild.create_project(name=f"project-{i}", source={"type": "S3", "location": "data/source.zip"}, artifacts={"type": "NO_ARTIFACTS"},
                               environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"}, serviceRole=p.role)


@kind(1, 2)
def user_pool(p, i, bad):
    u = p.cognito_idp.create_user_pool(PoolName=f"pool-{i}", DeletionProtection="INACTIVE" if bad else "ACTIVE")["UserPool"]["Id"]
    p.plant("cognito-user-pool-deletion-protected", not bad, u)
