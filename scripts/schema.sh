#!/usr/bin/env bash
# Makes schema/cloudformation.gz anew from the published npm package.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.1.216
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
(cd "$tmp" && npm pack --silent "@aws-cdk/aws-service-spec@$version" >/dev/null && tar xzf ./*.tgz)
go run ./scripts/schema-gen "$tmp/package/db.json.gz" schema/cloudformation.gz
