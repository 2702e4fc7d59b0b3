"""The AWS SDK for Python as a judge of package aws: one JSON object on each line
of standard input is a question, one on each line of standard output its answer.

    {"ask": "hosts", "services": [...], "regions": [...]}  where each service is
    {"ask": "wire", "op": …, "region": …, "params": …}     the request it would send
    {"ask": "parse", "op": …, "seed": …}                   an answer made up from the model, and how it reads it
    {"ask": "call", "op": …, "region": …, "params": …}     what moto answers
    {"ask": "seed", "scripts": …}                          starts moto and fills it
"""

import base64
import datetime
import json
import os
import random
import subprocess
import sys
from xml.sax.saxutils import escape, quoteattr

import boto3
import botocore.parsers
import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.handlers import json_decode_policies

NAMES = {"configservice": "config", "s3api": "s3"}
KEYS = {"aws_access_key_id": "judge", "aws_secret_access_key": "judge"}
loader = botocore.session.get_session()
clients, models = {}, {}


class Sent(Exception):
    """Stops a request once it is known."""


def client(service, region, **more):
    key = (service, region, tuple(sorted(more.items())))
    if key not in clients:
        config = Config(parameter_validation=False, retries={"total_max_attempts": 1}, **more.pop("config", {}))
        clients[key] = boto3.client(NAMES.get(service, service), region_name=region, config=config, **KEYS, **more)
    return clients[key]


def model(op):
    service, name = op.split(":")
    if service not in models:
        models[service] = loader.get_service_model(NAMES.get(service, service))
    return models[service].operation_model(name)


def plain(v):
    if isinstance(v, dict):
        return {k: plain(e) for k, e in v.items() if k != "ResponseMetadata"}
    if isinstance(v, (list, tuple)):
        return [plain(e) for e in v]
    if isinstance(v, datetime.datetime):
        v = v.astimezone(datetime.timezone.utc)
        part = f".{v.microsecond:06d}".rstrip("0").rstrip(".")
        return v.strftime("%Y-%m-%dT%H:%M:%S") + part + "Z"
    if isinstance(v, (bytes, bytearray)):
        return base64.b64encode(v).decode()
    if hasattr(v, "read"):
        return v.read().decode()
    if isinstance(v, float) and (v != v or v in (float("inf"), float("-inf"))):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[str(v)]
    if v is not None and not isinstance(v, (str, int, float)):
        raise TypeError(f"{type(v).__name__} is no value")
    return v


def hosts(q):
    out = []
    for service in q["services"]:
        for region in q["regions"]:
            for fips in (False, True):
                for dual in (False, True):
                    c = boto3.client(NAMES.get(service, service), region_name=region, **KEYS,
                                     config=Config(use_fips_endpoint=fips, use_dualstack_endpoint=dual))
                    out.append({"service": service, "region": region, "fips": fips, "dual": dual,
                                "url": c.meta.endpoint_url, "signed": c._request_signer._region_name})
    return {"hosts": out}


def wire(q):
    service, name = q["op"].split(":")
    c = client(service, q["region"])
    seen = {}

    def keep(request, **_):
        body = request.body or b""
        seen.update(method=request.method, url=request.url, headers={k: str(v if isinstance(v, str) else v.decode()) for k, v in request.headers.items()},
                    body=body.decode() if isinstance(body, bytes) else body)
        raise Sent

    c.meta.events.register_last("before-send", keep, unique_id="judge")
    try:
        getattr(c, xform_name(name))(**q["params"])
    except Sent:
        return {"wire": seen}
    except Exception as e:
        return {"refused": f"{type(e).__name__}: {e}"}
    finally:
        c.meta.events.unregister("before-send", unique_id="judge")
    return {"refused": "it sent nothing"}


def call(q):
    service, name = q["op"].split(":")
    c = client(service, q["region"], endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    try:
        return {"answer": plain(getattr(c, xform_name(name))(**q["params"]))}
    except ClientError as e:
        return {"code": e.response["Error"].get("Code", ""), "status": e.response["ResponseMetadata"].get("HTTPStatusCode", 0)}
    except Exception as e:
        return {"refused": f"{type(e).__name__}: {e}"}


# An answer made up from the model.

TEXTS = ["", "a", "a b", "ü ☃ \U0001f600", "<&>\"'", "arn:aws:iam::111111111111:role/x", " spaces ", "line\nline", "%7B%7D", "true", "1"]


def scalar(shape, rnd, protocol):
    """Returns a scalar as JSON has it."""
    t = shape.type_name
    if shape.name == "policyDocumentType":
        return rnd.choice(["%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D", '{"a": 1.5}', "no JSON"])
    if t == "boolean":
        return rnd.random() < 0.5
    if t in ("integer", "long"):
        return rnd.choice([0, 1, -1, 2**31, 2**53 + 1, 2**63 - 1])
    if t in ("float", "double"):
        return rnd.choice([0.0, 1.5, -2e-7, 1e100, 3])
    if t == "timestamp":
        form = shape.serialization.get("timestampFormat") or ("unixTimestamp" if protocol in ("json", "rest-json") else "iso8601")
        if form.lower() == "unixtimestamp":
            return rnd.choice([0, 1700000000, 1700000000.123, 1700000000.5])
        if form.lower() == "rfc822":
            return "Tue, 14 Nov 2023 22:13:20 GMT"
        return rnd.choice(["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123Z", "2023-11-14T22:13:20+01:00"])
    if t == "blob":
        return base64.b64encode(rnd.choice(TEXTS).encode()).decode()
    return rnd.choice(shape.enum) if shape.enum and rnd.random() < 0.7 else rnd.choice(TEXTS)


def members(shape, rnd, depth):
    names = [n for n, m in shape.members.items() if m.serialization.get("location") not in ("header", "headers", "statusCode")]
    if getattr(shape, "is_tagged_union", False):
        return rnd.sample(names, 1)
    return [n for n in names if depth < 6 and rnd.random() < (0.8 if depth < 3 else 0.5)]


def as_json(shape, rnd, protocol, depth=0):
    if getattr(shape, "is_document_type", False):
        return {"any": [1, "two", None, {"three": 3.5}]}
    if shape.type_name == "structure":
        out = {}
        for n in members(shape, rnd, depth):
            m = shape.members[n]
            out[m.serialization.get("name", n)] = as_json(m, rnd, protocol, depth + 1)
        out["memberOfTomorrow"] = {"a": [1]}
        if getattr(shape, "is_tagged_union", False):
            del out["memberOfTomorrow"]
        return out
    if shape.type_name == "list":
        return [as_json(shape.member, rnd, protocol, depth + 1) for _ in range(rnd.randrange(3) if depth < 7 else 0)] + ([None] if rnd.random() < 0.1 else [])
    if shape.type_name == "map":
        return {f"key {i}": as_json(shape.value, rnd, protocol, depth + 1) for i in range(rnd.randrange(3) if depth < 7 else 0)}
    return scalar(shape, rnd, protocol)


def text(shape, rnd, protocol):
    v = scalar(shape, rnd, protocol)
    return escape(str(v).lower() if isinstance(v, bool) else str(v))


def as_xml(shape, rnd, protocol, name, depth=0):
    """Returns elements that hold a value of the shape."""
    if shape.type_name == "structure":
        inner, attrs = "", ""
        for n in members(shape, rnd, depth):
            m = shape.members[n]
            tag = m.serialization.get("name", n)
            if m.serialization.get("xmlAttribute"):
                prefix, _, _ = tag.partition(":")
                attrs += f' xmlns:{prefix}="http://www.w3.org/2001/XMLSchema-instance" {tag}={quoteattr("CanonicalUser")}'
                continue
            if m.type_name == "list" and m.serialization.get("flattened"):
                tag = m.member.serialization.get("name") or tag
            inner += as_xml(m, rnd, protocol, tag, depth + 1)
        if not getattr(shape, "is_tagged_union", False):
            inner += "<memberOfTomorrow><a>1</a></memberOfTomorrow>\n"
        return f"<{name}{attrs}>{inner}</{name}>"
    n = rnd.randrange(3) if depth < 7 else 0
    if shape.type_name == "list":
        if shape.serialization.get("flattened"):
            return "".join(as_xml(shape.member, rnd, protocol, name, depth + 1) for _ in range(n))
        tag = shape.member.serialization.get("name", "member")
        return f"<{name}>" + "".join(as_xml(shape.member, rnd, protocol, tag, depth + 1) for _ in range(n)) + f"</{name}>"
    if shape.type_name == "map":
        key, value = shape.key.serialization.get("name") or "key", shape.value.serialization.get("name") or "value"
        flat = shape.serialization.get("flattened")
        tag = name if flat else "entry"
        inner = "".join(f"<{tag}><{key}>key {i}</{key}>" + as_xml(shape.value, rnd, protocol, value, depth + 1) + f"</{tag}>" for i in range(n))
        return inner if flat else f"<{name}>{inner}</{name}>"
    return f"<{name}>{text(shape, rnd, protocol)}</{name}>"


def parse(q):
    op = model(q["op"])
    shape, rnd = op.output_shape, random.Random(q["seed"])
    protocol = op.service_model.resolved_protocol
    if shape is None or shape.event_stream_name:
        return {"refused": "no answer"}
    headers = {}
    for n, m in shape.members.items():
        at, tag = m.serialization.get("location"), m.serialization.get("name", n)
        if at == "header" and rnd.random() < 0.7:
            if m.type_name == "list":
                headers[tag] = ", ".join(["a", "b"])
            elif m.type_name == "timestamp":
                headers[tag] = "Tue, 14 Nov 2023 22:13:20 GMT"
            else:
                v = scalar(m, rnd, protocol)
                headers[tag] = str(v).lower() if isinstance(v, bool) else str(v).encode("ascii", "ignore").decode().replace("\n", "").strip() or "x"
        elif at == "headers":
            headers[tag + "one"] = "1"
    payload = shape.serialization.get("payload")
    root = shape.members[payload] if payload else shape
    if payload and root.type_name in ("string", "blob"):
        body = "any text"
    elif protocol in ("json", "rest-json"):
        body = json.dumps(as_json(root, rnd, protocol))
    else:
        wrapper = shape.serialization.get("resultWrapper")
        body = as_xml(root, rnd, protocol, wrapper or root.serialization.get("name") or root.name)
        if wrapper:
            body = f"<{q['op'].split(':')[1]}Response xmlns=\"urn:x\">{body}<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{q['op'].split(':')[1]}Response>"
        body = '<?xml version="1.0" encoding="UTF-8"?>\n' + body
    response = {"status_code": 200, "headers": botocore.awsrequest.HeadersDict(headers), "body": body.encode()}
    try:
        parsed = botocore.parsers.create_parser(protocol).parse(response, shape)
        plain(parsed)
    except Exception as e:
        return {"refused": f"{type(e).__name__}: {e}", "body": body}
    if op.service_model.service_name == "iam":
        json_decode_policies(parsed, op)
    return {"answer": plain(parsed), "headers": headers, "body": body}


def seed(q):
    import moto.core
    import moto.core.models
    from moto.server import ThreadedMotoServer

    moto.core.DEFAULT_ACCOUNT_ID = moto.core.models.DEFAULT_ACCOUNT_ID = "111111111111"
    sys.path.insert(0, q["scripts"])
    import loopback
    loopback.pin()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ.update(AWS_ENDPOINT_URL=f"http://{host}:{port}", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
    import seed as few
    few.main()
    more = subprocess.run([sys.executable, os.path.join(q["scripts"], "account.py"), "--size", "small", "--accounts", "111111111111", "--regions", "us-east-1"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return {"url": os.environ["AWS_ENDPOINT_URL"], "more": more.returncode == 0}


def main():
    out = sys.stdout
    sys.stdout = sys.stderr  # what libraries print is not an answer
    for line in sys.stdin:
        q = json.loads(line)
        out.write(json.dumps({"hosts": hosts, "wire": wire, "parse": parse, "call": call, "seed": seed}[q["ask"]](q)) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
