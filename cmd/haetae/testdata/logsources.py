"""Puts logs where AWS would: a bucket, a queue that is told of it in three ways, a log group.

usage: logsources.py ENDPOINT. What was made is printed as JSON."""
import gzip, json, sys
import boto3

kw = dict(endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
s3, sqs, logs = (boto3.client(n, **kw) for n in ("s3", "sqs", "logs"))


def record(id, name, at):
    return {"eventVersion": "1.11", "eventID": id, "eventTime": at, "eventSource": "cloudtrail.amazonaws.com", "eventName": name,
            "awsRegion": "us-east-1", "recipientAccountId": "111122223333", "eventType": "AwsApiCall", "eventCategory": "Management",
            "sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli/2", "readOnly": False,
            "userIdentity": {"type": "IAMUser", "userName": id, "arn": "arn:aws:iam::111122223333:user/" + id, "accountId": "111122223333"}}


def file(*records):
    return gzip.compress(json.dumps({"Records": list(records)}).encode())


s3.create_bucket(Bucket="trail-logs")
folder = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/10/"
keys = {}
for n, hour in (("one", "01"), ("two", "02"), ("three", "03"), ("by sns", "04"), ("by bridge", "05")):
    key = folder + "111122223333_CloudTrail_us-east-1_20261110T%s00Z_%s.json.gz" % (hour, n.replace(" ", "+x"))
    keys[n] = key
    s3.put_object(Bucket="trail-logs", Key=key, Body=file(record("s3-" + n.replace(" ", "-"), "StopLogging", "2026-11-10T%s:00:00Z" % hour)))
s3.put_object(Bucket="trail-logs", Key=folder, Body=b"")

url = sqs.create_queue(QueueName="trail-files")["QueueUrl"]
from urllib.parse import quote_plus

direct = lambda key: {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2026-11-10T01:00:00Z",
                                   "s3": {"bucket": {"name": "trail-logs"}, "object": {"key": quote_plus(key), "eTag": "x", "size": 1}}}]}
sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "trail-logs"}))
sqs.send_message(QueueUrl=url, MessageBody=json.dumps(direct(keys["one"])))
sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"Type": "Notification", "Message": json.dumps(direct(keys["by sns"]))}))
sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"version": "0", "detail-type": "Object Created", "source": "aws.s3", "time": "2026-11-10T05:00:00Z",
                 "detail": {"bucket": {"name": "trail-logs"}, "object": {"key": keys["by bridge"], "etag": "y", "size": 1}}}))
sqs.send_message(QueueUrl=url, MessageBody="hello")

import time

logs.create_log_group(logGroupName="trail")
for stream in ("a", "b"):
    logs.create_log_stream(logGroupName="trail", logStreamName=stream)
    logs.put_log_events(logGroupName="trail", logStreamName=stream, logEvents=[
        {"timestamp": int(time.time() * 1000), "message": json.dumps(record("logs-" + stream, "StopLogging", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())))}])
print(json.dumps({"queue": url}))
