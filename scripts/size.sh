#!/usr/bin/env bash
# The size of the stripped binary against its limit.
set -euo pipefail
cd "$(dirname "$0")/.."
limit=$((120 * 1024 * 1024))
go build -trimpath -ldflags '-s -w' -o "${TMPDIR:-/tmp}/haetae-size" ./cmd/haetae
size=$(stat -c %s "${TMPDIR:-/tmp}/haetae-size")
rm -f "${TMPDIR:-/tmp}/haetae-size"
echo "stripped binary: $size bytes, $((100 * size / limit)) % of the limit"
test "$size" -le "$limit"
