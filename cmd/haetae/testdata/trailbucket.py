"""Puts a folder into the bucket trail-bucket, as CloudTrail does: a digest's signature is metadata.

usage: trailbucket.py ENDPOINT FOLDER SIGNATURES"""
import json, os, sys
import boto3

s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
signatures = json.load(open(sys.argv[3]))
s3.create_bucket(Bucket="trail-bucket")
for folder, _, names in os.walk(sys.argv[2]):
    for name in names:
        path = os.path.join(folder, name)
        key = os.path.relpath(path, sys.argv[2])
        meta = {"signature": signatures[key], "signature-algorithm": "SHA256withRSA"} if key in signatures else {}
        s3.put_object(Bucket="trail-bucket", Key=key, Body=open(path, "rb").read(), Metadata=meta)
