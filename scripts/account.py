#!/usr/bin/env python3
"""Fills empty accounts on a local endpoint with resources in the proportions of
real ones, a known share of them with flaws. The same seed makes the same
accounts: calls are made one after the other, since the endpoint draws its ids
from one generator.

    AWS_ENDPOINT_URL=http://127.0.0.1:5701 scripts/account.py --size small --planted out/planted.json

--planted writes what haetae must find, as a list of
{"control", "status", "id", "account", "region"}; global things have region "".
"""

import argparse
import collections
import json
import os
import random
import sys
import time
import urllib.parse
import urllib.request

import boto3
from botocore.config import Config

sys.dont_write_bytecode = True  # nothing else belongs into scripts/
import account_kinds  # noqa: E402
import loopback  # noqa: E402

SIZES = {"small": 300, "medium": 3000, "large": 10000}

# Where the i-th resource of a kind goes: half to the first account and region,
# and already the second one to the other account and region.
PLACES = (0, 3, 0, 2, 1, 0, 0, 2, 1, 0)


class Place:
    """One region of one account."""

    def __init__(self, account, region, first, credentials, planted):
        self.account, self.region, self.first = account, region, first
        self._credentials, self._planted, self._clients = credentials, planted, {}

    def client(self, name):
        if name not in self._clients:
            self._clients[name] = boto3.client(
                name, region_name=self.region, **self._credentials,
                config=Config(parameter_validation=False, retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
            )
        return self._clients[name]

    def __getattr__(self, name):
        """place.ec2 is its EC2 client."""
        return self.client(name.replace("_", "-"))

    def plant(self, control, ok, ident, everywhere=False):
        self._planted.append({
            "control": control, "status": "PASS" if ok else "FAIL", "id": ident,
            "account": self.account, "region": "" if everywhere else self.region,
        })


def accounts(names, credentials):
    """Yields each account and credentials for it. The first has an organization
    with the others, when their ids are not those of accounts that it makes."""
    for i, account in enumerate(names):
        if i == 0:
            yield account, {}
            continue
        c = boto3.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/haetae", RoleSessionName="seed")["Credentials"]
        credentials[account] = {
            "aws_access_key_id": c["AccessKeyId"], "aws_secret_access_key": c["SecretAccessKey"], "aws_session_token": c["SessionToken"],
        }
        yield account, credentials[account]


def organization(names):
    """Makes the organization and returns the ids of all accounts: the endpoint
    gives ids of its own to the members."""
    org = boto3.client("organizations", region_name="us-east-1")
    org.create_organization(FeatureSet="ALL")
    root = org.list_roots()["Roots"][0]["Id"]
    out = [names[0]]
    unit = org.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
    for n in names[1:]:
        member = org.create_account(AccountName=f"member-{n}", Email=f"{n}@example.com")["CreateAccountStatus"]["AccountId"]
        org.move_account(AccountId=member, SourceParentId=root, DestinationParentId=unit)
        out.append(member)
    org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}]}
    policy = org.create_policy(Name="keep-trails", Description="", Type="SERVICE_CONTROL_POLICY", Content=json.dumps(deny))
    org.attach_policy(PolicyId=policy["Policy"]["PolicySummary"]["Id"], TargetId=unit)
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--size", choices=SIZES, default="small")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--accounts", default="111111111111,222222222222")
    p.add_argument("--regions", default="us-east-1,eu-west-1")
    p.add_argument("--planted", help="file for what was planted")
    p.add_argument("--verbose", action="store_true", help="print how long each kind took")
    a = p.parse_args()

    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if urllib.parse.urlsplit(endpoint).hostname not in ("127.0.0.1", "::1", "localhost"):
        sys.exit("AWS_ENDPOINT_URL must be on loopback: this never touches a real account")
    loopback.pin()
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/seed?a={a.seed}", method="POST"), timeout=10)
    random.seed(a.seed)

    started, planted, places = time.time(), [], []
    regions = a.regions.split(",")
    for account, credentials in accounts(organization(a.accounts.split(",")), {}):
        for i, region in enumerate(regions):
            places.append(Place(account, region, i == 0, credentials, planted))
    for place in places:
        account_kinds.prepare(place)

    made, failed = collections.Counter(), collections.Counter()
    for kind, share, every, make in account_kinds.KINDS:
        before = time.time()
        for i in range(max(2, round(SIZES[a.size] * share / 1000))):
            place = places[PLACES[i % len(PLACES)] % len(places)]
            try:
                make(place, i, i % every == 0)
                made[kind] += 1
            except Exception as e:  # what the endpoint cannot do is left out
                failed[kind] += 1
                if failed[kind] == 1:
                    print(f"account.py: {kind}: {type(e).__name__}: {e}", file=sys.stderr)
        if a.verbose:
            print(f"{kind}: {made[kind]} in {time.time() - before:.1f}s", file=sys.stderr)
    if a.planted:
        with open(a.planted, "w", encoding="utf-8") as f:
            json.dump(planted, f, indent=1)
    print(json.dumps({
        "size": a.size, "resources": sum(made.values()), "failed": dict(failed),
        "planted": len(planted), "controls": len({p["control"] for p in planted}),
        "accounts": sorted({p.account for p in places}), "regions": regions, "seconds": round(time.time() - started, 1),
    }))


if __name__ == "__main__":
    main()
