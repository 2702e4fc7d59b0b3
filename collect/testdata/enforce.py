"""A moto server that enforces IAM policies, on loopback, until its input ends.

    enforce.py POLICIES.json ACCOUNT.py

POLICIES.json holds a list of lists of policy documents: for each list there is a
user that has exactly these. ACCOUNT.py fills the account before anything is
enforced. What is printed is {"url": …, "keys": [{"id": …, "secret": …}]}.

Signatures are not checked: moto computes others than boto3 makes as soon as a
request is a GET of a REST service."""

import json
import os
import subprocess
import sys

os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
import moto.core  # noqa: E402 (it reads the environment)
import moto.core.models  # noqa: E402

# What is imported from here on copies these.
moto.core.DEFAULT_ACCOUNT_ID = moto.core.models.DEFAULT_ACCOUNT_ID = "111111111111"
import moto.iam.access_control  # noqa: E402
from moto import settings  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

moto.iam.access_control.IAMRequestBase.check_signature = lambda self: None

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"
os.environ |= {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
               "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
import boto3  # noqa: E402 (it reads the environment)

subprocess.run([sys.executable, sys.argv[2], "--size", "small", "--seed", "7", "--accounts", "111111111111",
                "--regions", "us-east-1", "--planted", os.devnull], check=True, stdout=subprocess.DEVNULL)
iam = boto3.client("iam")
keys = []
for number, documents in enumerate(json.load(open(sys.argv[1]))):
    name = f"scan{number}"
    iam.create_user(UserName=name)
    for part, document in enumerate(documents):
        made = iam.create_policy(PolicyName=f"{name}-{part}", PolicyDocument=json.dumps(document, separators=(",", ":")))
        iam.attach_user_policy(UserName=name, PolicyArn=made["Policy"]["Arn"])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys.append({"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]})
settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
print(json.dumps({"url": url, "keys": keys}), flush=True)
sys.stdin.read()
server.stop()
