"""Writes questions for iam-speed.sh: distinct requests of principals that have
AWS managed policies attached, in the format of `haetae iam eval`.

The texts of the managed policies are those that moto ships.
Usage: iam_speed.py COUNT > questions.ndjson
"""

import json
import random
import sys

from moto.iam.aws_managed_policies import aws_managed_policies_data

ACCOUNT = "111122223333"
# One or two ways to name a resource of each service, with its actions.
TARGETS = [
    ("arn:aws:s3:::bucket-{n}/key/{n}", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
    ("arn:aws:s3:::bucket-{n}", ["s3:ListBucket", "s3:GetBucketPolicy", "s3:PutBucketPolicy"]),
    ("arn:aws:sqs:us-east-1:{a}:queue-{n}", ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteQueue"]),
    ("arn:aws:sns:us-east-1:{a}:topic-{n}", ["sns:Publish", "sns:Subscribe"]),
    ("arn:aws:dynamodb:us-east-1:{a}:table/table-{n}", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteTable"]),
    ("arn:aws:lambda:us-east-1:{a}:function:function-{n}", ["lambda:InvokeFunction", "lambda:UpdateFunctionCode"]),
    ("arn:aws:iam::{a}:role/role-{n}", ["iam:GetRole", "iam:PassRole", "iam:AttachRolePolicy"]),
    ("arn:aws:iam::{a}:user/user-{n}", ["iam:GetUser", "iam:CreateAccessKey"]),
    ("arn:aws:secretsmanager:us-east-1:{a}:secret:secret-{n}-AbCdEf", ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]),
    ("arn:aws:ecr:us-east-1:{a}:repository/repository-{n}", ["ecr:BatchGetImage", "ecr:PutImage"]),
    ("arn:aws:logs:us-east-1:{a}:log-group:group-{n}:log-stream:s", ["logs:PutLogEvents", "logs:GetLogEvents"]),
    ("arn:aws:ec2:us-east-1:{a}:instance/i-{n:017x}", ["ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"]),
    ("arn:aws:ecs:us-east-1:{a}:cluster/cluster-{n}", ["ecs:DescribeClusters", "ecs:DeleteCluster"]),
    ("arn:aws:cloudformation:us-east-1:{a}:stack/stack-{n}/id", ["cloudformation:DescribeStacks", "cloudformation:DeleteStack"]),
    ("*", ["ec2:DescribeInstances", "s3:ListAllMyBuckets", "iam:ListUsers", "cloudwatch:ListMetrics", "sts:GetSessionToken"]),
]


def main() -> None:
    count = int(sys.argv[1])
    rng = random.Random(7)
    managed = json.loads(aws_managed_policies_data)
    names = sorted(managed)
    documents = {}
    for name in names:
        doc = managed[name].get("Document")
        if doc and "NotAction" not in json.dumps(doc):
            documents[name] = doc
    names = sorted(documents)
    for n in range(count):
        arn, actions = rng.choice(TARGETS)
        attached = rng.sample(names, 4)
        question = {
            "id": n,
            "request": {
                "principal": f"arn:aws:iam::{ACCOUNT}:user/user-{n % 997}",
                "action": rng.choice(actions),
                "resource": arn.format(a=ACCOUNT, n=n),
                "resourceAccount": ACCOUNT,
                "context": {},
            },
            "policies": {"identity": [documents[a] for a in attached]},
        }
        print(json.dumps(question, separators=(",", ":")))


main()
