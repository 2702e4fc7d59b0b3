#!/usr/bin/env bash
# Scans every template of a folder by itself. A crash, or an exit code that the
# contract does not know, fails; what could not be resolved is counted.
set -uo pipefail
cd "$(dirname "$0")/.."
dir=$1
n=0 bad=0 unknown=0
while IFS= read -r -d '' f; do
	n=$((n + 1))
	out=$(timeout 60 bin/haetae scan --quiet --from "$f" --output ndjson --all 2>&1)
	code=$?
	if [ $code -gt 3 ] || grep -q '^panic:' <<<"$out"; then
		bad=$((bad + 1))
		echo "$f: exit code $code"
		tail -3 <<<"$out"
	fi
	unknown=$((unknown + $(grep -c '"status":"UNKNOWN"' <<<"$out")))
done < <(find "$dir" -type f \( -name '*.json' -o -name '*.yaml' -o -name '*.yml' -o -name '*.template' \) -print0)
echo "$n templates scanned, $bad crashed, $unknown verdicts stayed unknown with their reason"
[ "$bad" -eq 0 ] && [ "$n" -gt 0 ]
