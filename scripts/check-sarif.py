#!/usr/bin/env python3
"""Check SARIF reports against the schema of SARIF 2.1.0.

    pip install jsonschema
    npm pack @microsoft/jest-sarif && tar xzf microsoft-jest-sarif-*.tgz
    scripts/check-sarif.py package/lib/schemas/sarif-2.1.0-rtm.5.json findings.sarif
"""

import json
import sys

import jsonschema


def main(schema, files):
    with open(schema, encoding="utf-8") as f:
        validator = jsonschema.Draft4Validator(json.load(f), format_checker=jsonschema.FormatChecker())
    results = errors = 0
    for name in files:
        with open(name, encoding="utf-8") as f:
            log = json.load(f)
        for e in validator.iter_errors(log):
            errors += 1
            print(f"{name}: {e.json_path}: {e.message[:300]}", file=sys.stderr)
        for run in log["runs"]:
            rules = run["tool"]["driver"]["rules"]
            for r in run["results"]:
                results += 1
                if rules[r["ruleIndex"]]["id"] != r["ruleId"]:
                    errors += 1
                    print(f"{name}: ruleIndex {r['ruleIndex']} is not {r['ruleId']}", file=sys.stderr)
                if r["kind"] != "fail" and r["level"] != "none":
                    errors += 1
                    print(f"{name}: {r['kind']} with level {r['level']}", file=sys.stderr)
    print(f"sarif: {results} results, {errors} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
