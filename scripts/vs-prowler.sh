#!/usr/bin/env bash
# scripts/vs-prowler.sh [small|medium|large]: haetae and Prowler on the same
# account in one region, and where they agree. Both first scan an account in
# moto through the recorder, then its recording, which answers after 30 ms and
# throttles at the full quotas of AWS. Writes docs/vs-prowler.md with the
# explanations of docs/vs-prowler.yaml.
set -euo pipefail
cd "$(dirname "$0")/.."
size=${1:-small}
moto=${MOTO_PORT:-5705} front=${REPLAY_PORT:-5706} latency=${LATENCY:-30ms} region=us-east-1
prowler=prowler==5.46.0

scripts/venv.sh
if [ "$(cat out/prowler-venv/pinned 2>/dev/null)" != "$prowler" ]; then
	mkdir -p out
	python3.11 -m venv out/prowler-venv
	out/prowler-venv/bin/pip install --quiet --disable-pip-version-check "$prowler"
	echo "$prowler" >out/prowler-venv/pinned
fi
dir=out/vs/$size
rm -rf "$dir" && mkdir -p "$dir"
. scripts/front.sh
"$haetae" content list --output json >"$dir/controls.json"
$python scripts/vs_prowler.py checks "$dir/controls.json" out/prowler-venv/lib/python3.11/site-packages/prowler/providers/aws/services >"$dir/checks"

# run NAME COMMAND…: measures the command against the front.
run() {
	local name=$1
	shift
	AWS_ENDPOINT_URL=http://127.0.0.1:$front $python scripts/measured.py "$name.cost.json" "$@" >"$name.log" 2>&1 || {
		tail -5 "$name.log" >&2
		exit 1
	}
}
haetae() {
	run "$1" "$haetae" scan --from aws --region "$region" --no-resume --no-store --all --fail-on none --output ndjson="$1.ndjson" --output json="$1.json"
}
prowler() {
	# shellcheck disable=SC2046 # the list of checks
	run "$1" out/prowler-venv/bin/python -c '
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
import loopback
loopback.pin()
from prowler.__main__ import prowler
prowler()' aws --region "$region" --checks $(cat "$dir/checks") --output-formats json-ocsf \
		--output-directory "$dir" --output-filename "$(basename "$1")" --no-banner --ignore-exit-code-3 --scan-unused-services
}

scripts/moto.sh start "$moto"
AWS_ENDPOINT_URL=http://127.0.0.1:$moto $python scripts/account.py --size "$size" --regions "$region,eu-west-1" --planted "$dir/planted.json" >"$dir/account.json"
for tool in haetae prowler; do
	front "$dir/$tool-moto.stats.json" record --to "$dir" --upstream "http://127.0.0.1:$moto"
	$tool "$dir/$tool-moto"
	rear
done
scripts/moto.sh stop "$moto"
for tool in haetae prowler; do
	front "$dir/$tool-replay.stats.json" serve --from "$dir" --latency "$latency" "${quotas[@]}"
	$tool "$dir/$tool-replay"
	rear
done
$python scripts/vs_prowler.py report "$dir" "$size" "${prowler/==/ }" docs/vs-prowler.yaml docs/vs-prowler.md
