#!/usr/bin/env bash
# scripts/bench-scan.sh [small medium large]: what a live scan costs.
# For each size: an account in moto, one scan of it through the recorder, then
# three scans of the recording, which answers after 30 ms and throttles at the
# full quotas of AWS. Prints a table and writes out/bench-scan.json.
set -euo pipefail
cd "$(dirname "$0")/.."
moto=${MOTO_PORT:-5703} front=${REPLAY_PORT:-5704} runs=${RUNS:-3} latency=${LATENCY:-30ms}
sizes=("$@")
[ $# -gt 0 ] || sizes=(small medium large)

scripts/venv.sh
mkdir -p out/bench
. scripts/front.sh
regions=us-east-1,eu-west-1
# scan NAME: one scan against the front; exit code 3 means that it read nothing.
scan() {
	AWS_ENDPOINT_URL=http://127.0.0.1:$front $python scripts/measured.py "$1.cost.json" \
		"$haetae" scan --from aws --org --region "$regions" --no-resume --no-store --all --fail-on none --output json="$1.json" 2>"$1.log" || {
		tail -5 "$1.log" >&2
		exit 1
	}
}

for size in "${sizes[@]}"; do
	dir=out/bench/$size
	rm -rf "$dir" && mkdir -p "$dir"
	scripts/moto.sh start "$moto"
	AWS_ENDPOINT_URL=http://127.0.0.1:$moto $python scripts/account.py --size "$size" --regions "$regions" --planted "$dir/planted.json" >"$dir/account.json"
	front "$dir/moto.stats.json" record --to "$dir" --upstream "http://127.0.0.1:$moto"
	scan "$dir/moto"
	rear
	scripts/moto.sh stop "$moto"
	for run in $(seq "$runs"); do
		front "$dir/replay$run.stats.json" serve --from "$dir" --latency "$latency" "${quotas[@]}"
		scan "$dir/replay$run"
		rear
	done
done

$python - "$runs" "${sizes[@]}" <<'PY'
import json, statistics, sys
runs, sizes = int(sys.argv[1]), sys.argv[2:]
read = lambda *p: json.load(open("/".join(("out/bench",) + p)))
def planted(size, findings):
    """How many of the planted verdicts were given, of how many; others are printed."""
    said = {}
    for f in findings:
        r = f["resource"]
        for name in (r["id"], r.get("arn", ""), r["id"].rsplit("/", 1)[-1], r.get("arn", "").rsplit(":", 1)[-1].rsplit("/", 1)[-1]):
            said[f["control"], r["account"], name, r.get("region", "")] = f["status"]
            said.setdefault((f["control"], r["account"], name, ""), f["status"])
    want = read(size, "planted.json")
    wrong = {}
    for p in want:
        got = said.get((p["control"], p["account"], p["id"], p["region"]), "nothing")
        if got != p["status"]:
            wrong.setdefault((p["control"], p["status"], got), []).append(p["id"])
    for (control, status, got), ids in sorted(wrong.items()):
        print(f"{size}: {control} should be {status} and is {got} for {len(ids)}: {', '.join(ids[:3])}")
    return len(want) - sum(map(len, wrong.values())), len(want)

rows = []
for size in sizes:
    for where, names in ("moto", ["moto"]), ("replay", [f"replay{n + 1}" for n in range(runs)]):
        cost = [read(size, n + ".cost.json") for n in names]
        stats = [read(size, n + ".stats.json") for n in names]
        whole = read(size, names[-1] + ".json")
        report = whole["summary"]
        right, want = planted(size, whole["findings"]) if where == "replay" else (None, None)
        mid = lambda key, of: statistics.median(x[key] for x in of)
        rows.append({
            "size": size, "against": where, "resources": report["resources"], "wall": mid("wall", cost), "calls": mid("requests", stats),
            "throttled": mid("throttled", stats), "notRecorded": mid("unknown", stats), "cpu": mid("cpu", cost), "memory": mid("memory", cost),
            "failed": report["failed"], "passed": report["passed"], "unknown": report["unknown"],
            "plantedFound": right, "planted": want,
        })
json.dump(rows, open("out/bench-scan.json", "w"), indent=1)
print(f"{'size':8} {'against':8} {'resources':>9} {'wall s':>8} {'calls':>7} {'throttled':>9} {'not rec.':>8} {'CPU s':>7} {'memory MiB':>10} {'planted found':>13}")
for r in rows:
    found = "" if r["planted"] is None else f"{r['plantedFound']}/{r['planted']}"
    print(f"{r['size']:8} {r['against']:8} {r['resources']:9} {r['wall']:8.2f} {r['calls']:7.0f} {r['throttled']:9.0f} {r['notRecorded']:8.0f} {r['cpu']:7.2f} {r['memory']:10.1f} {found:>13}")
PY
