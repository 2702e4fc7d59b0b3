#!/usr/bin/env python3
"""Check an ASFF report against AWS's own model of BatchImportFindings.

    pip install botocore
    haetae scan --output asff > findings.asff
    scripts/check-asff.py findings.asff

Each line must be one input of the call. It is checked with botocore's
ParamValidator, and beyond that for what the service enforces and botocore does
not: enums, patterns, minima and maxima of the model, unknown members, and the
limits that only the API reference states.
"""

import json
import re
import sys

import botocore.session
from botocore.validate import ParamValidator

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html
LENGTHS = {
    "Title": 256,
    "Description": 1024,
    "Id": 512,
    "GeneratorId": 512,
    "ProductArn": 2048,
    "ProductName": 128,
    "CompanyName": 128,
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)")
PRODUCT = re.compile(r"arn:(aws|aws-cn|aws-us-gov|aws-iso|aws-iso-b):securityhub:([a-z0-9-]+):(\d{12}):product/\3/default")


def walk(shape, value, path):
    """Yield what the model forbids and botocore lets through."""
    if shape.type_name == "structure":
        for name, member in value.items():
            if name not in shape.members:
                yield f"{path}.{name}: no such member"
                continue
            yield from walk(shape.members[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        yield from bounds(shape, len(value), path)
        for i, member in enumerate(value):
            yield from walk(shape.member, member, f"{path}[{i}]")
    elif shape.type_name == "map":
        for key, member in value.items():
            yield from walk(shape.key, key, f"{path} key {key}")
            yield from walk(shape.value, member, f"{path}[{key}]")
    elif shape.type_name == "string":
        yield from bounds(shape, len(value), path)
        pattern = shape.metadata.get("pattern")
        if pattern and not re.search(pattern, value):
            yield f"{path}: {value!r} does not match {pattern}"
        enum = shape.metadata.get("enum")
        if enum and value not in enum:
            yield f"{path}: {value!r} is not one of {', '.join(enum)}"
    elif shape.type_name in ("integer", "long", "double"):
        yield from bounds(shape, value, path)


def bounds(shape, n, path):
    if n < shape.metadata.get("min", n):
        yield f"{path}: {n} is less than {shape.metadata['min']}"
    if n > shape.metadata.get("max", n):
        yield f"{path}: {n} is more than {shape.metadata['max']}"


def documented(f, path):
    """Yield what the API reference forbids and the model does not know."""
    for name, limit in LENGTHS.items():
        if len(f.get(name, "")) > limit:
            yield f"{path}.{name}: longer than {limit}"
    if f["SchemaVersion"] != "2018-10-08":
        yield f"{path}.SchemaVersion: {f['SchemaVersion']}"
    if not re.fullmatch(r"\d{12}", f["AwsAccountId"]):
        yield f"{path}.AwsAccountId: {f['AwsAccountId']!r}"
    product = PRODUCT.fullmatch(f["ProductArn"])
    if not product or product[2] != f["Region"] or product[3] != f["AwsAccountId"]:
        yield f"{path}.ProductArn: {f['ProductArn']} is not of {f['AwsAccountId']} in {f['Region']}"
    for name in ("CreatedAt", "UpdatedAt"):
        if not TIME.fullmatch(f[name]):
            yield f"{path}.{name}: {f[name]!r}"
    if len(f.get("Types", [])) > 50 or any(len(t.split("/")) > 3 for t in f.get("Types", [])):
        yield f"{path}.Types: too many, or not namespace/category/classifier"
    if len(f["Resources"]) > 32 or any(len(r["Id"]) > 512 for r in f["Resources"]):
        yield f"{path}.Resources: more than 32, or an id longer than 512"
    for r in f["Resources"]:
        for key, value in r.get("Details", {}).get("Other", {}).items():
            if len(key) > 128 or len(value) > 2048:
                yield f"{path}.Resources.Details.Other[{key}]: too long"
    fields = f.get("ProductFields", {})
    if len(fields) > 50:
        yield f"{path}.ProductFields: more than 50"
    for key, value in fields.items():
        if not key or len(key) > 128 or len(value) > 2048 or key.startswith("aws/"):
            yield f"{path}.ProductFields[{key}]: too long, empty or reserved"
    text = f.get("Remediation", {}).get("Recommendation", {})
    if len(text.get("Text", "")) > 512:
        yield f"{path}.Remediation: longer than 512"
    compliance = f.get("Compliance", {})
    if len(compliance.get("RelatedRequirements", [])) > 32 or len(compliance.get("StatusReasons", [])) > 20:
        yield f"{path}.Compliance: more than 32 requirements or 20 reasons"
    if len(json.dumps(f)) > 240 * 1024:
        yield f"{path}: more than 240 KB"


def main(files):
    model = botocore.session.get_session().get_service_model("securityhub")
    shape = model.operation_model("BatchImportFindings").input_shape
    batches = findings = errors = 0
    ids = set()
    for name in files:
        with open(name, encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                batch = json.loads(line)
                batches += 1
                found = []
                report = ParamValidator().validate(batch, shape)
                if report.has_errors():
                    found.append(report.generate_report())
                else:
                    found += walk(shape, batch, f"{name}:{number}")
                    places = {(f["AwsAccountId"], f["Region"]) for f in batch["Findings"]}
                    if len(places) != 1:
                        found.append(f"{name}:{number}: findings of {len(places)} places in one call")
                    for i, f in enumerate(batch["Findings"]):
                        findings += 1
                        found += documented(f, f"{name}:{number}[{i}]")
                        if f["Id"] in ids:
                            found.append(f"{name}:{number}[{i}]: {f['Id']} twice")
                        ids.add(f["Id"])
                errors += len(found)
                for text in found[:20]:
                    print(text, file=sys.stderr)
        ids.clear()
    print(f"asff: {batches} calls, {findings} findings, {errors} errors")
    return 1 if errors or not findings else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
