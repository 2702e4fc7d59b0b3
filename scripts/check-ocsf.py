#!/usr/bin/env python3
"""Check an OCSF report against the schema of OCSF 1.8.

    pip install ocsf-json-schema==1.2.0 jsonschema
    haetae scan --output ocsf > findings.ocsf
    scripts/check-ocsf.py findings.ocsf

ocsf-json-schema carries the published schema of each OCSF version and turns a
class into a JSON schema: required attributes, types, enums, constraints, and no
attribute that the class and its profiles do not have. On top of that this
checks what a JSON schema cannot say: that type_uid follows from class and
activity, and that each name agrees with its number.
"""

import json
import sys

import jsonschema
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

PAIRS = [("activity_id", "activity_name"), ("severity_id", "severity"), ("status_id", "status")]


def captions(attributes, pairs, event, where):
    """Yield numbers whose name is not the caption that the schema gives them."""
    for number, name in pairs:
        entry = (attributes[number].get("enum") or {}).get(str(event.get(number)))
        if entry and event.get(number) != 99 and event.get(name) != entry["caption"]:
            yield f"{where}: {name} {event.get(name)!r} is not {entry['caption']!r}"


def main(files):
    schemas, validators = {}, {}
    events = errors = deprecated = 0
    for name in files:
        with open(name, encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                event = json.loads(line)
                events += 1
                version = event["metadata"]["version"]
                key = (version, event["class_uid"], tuple(event["metadata"].get("profiles", [])))
                if key not in validators:
                    schemas[version] = get_ocsf_schema(version)
                    source = OcsfJsonSchemaEmbedded(schemas[version])
                    cls = source.lookup_class_name_from_uid(event["class_uid"])
                    schema = source.get_class_schema(cls, list(key[2]))
                    jsonschema.Draft202012Validator.check_schema(schema)
                    validators[key] = (cls, schema, jsonschema.Draft202012Validator(schema))
                cls, schema, validator = validators[key]
                where = f"{name}:{number}"
                found = [f"{where}: {e.json_path}: {e.message[:300]}" for e in validator.iter_errors(event)]
                if version != "1.8.0":
                    found.append(f"{where}: version {version}")
                if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
                    found.append(f"{where}: type_uid {event['type_uid']}")
                deprecated += sum(schema["properties"].get(a, {}).get("deprecated", False) for a in event)
                found += captions(schemas[version]["classes"][cls]["attributes"], PAIRS, event, where)
                if "compliance" in event:
                    attributes = schemas[version]["objects"]["compliance"]["attributes"]
                    found += captions(attributes, [("status_id", "status")], event["compliance"], where)
                errors += len(found)
                for text in found[:20]:
                    print(text, file=sys.stderr)
    print(f"ocsf: {events} events, {errors} errors, {deprecated} deprecated attributes")
    return 1 if errors or deprecated or not events else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
