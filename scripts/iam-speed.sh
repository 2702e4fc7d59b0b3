#!/usr/bin/env bash
# Decisions per second of one core, ours against @cloud-copilot/iam-simulate (npm,
# AGPL: run as a program, never linked), on the same distinct requests with four
# AWS managed policies attached. Prints both figures, the ratio, and every verdict
# that differs. Usage: scripts/iam-speed.sh [COUNT]
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-3000}
dir=out/iam-speed
mkdir -p "$dir"
scripts/venv.sh >/dev/null
out/venv/bin/python scripts/iam_speed.py "$count" >"$dir/questions.ndjson"
if [ ! -d "$dir/node_modules/@cloud-copilot/iam-simulate" ]; then
	(cd "$dir" && npm init -y >/dev/null && npm install --silent --no-fund --no-audit @cloud-copilot/iam-simulate@0.1.173)
fi
cp scripts/iam-speed.mjs "$dir/"
(cd "$dir" && node iam-speed.mjs questions.ndjson >theirs.txt 2>theirs.json)
HAETAE_IAM_QUESTIONS="$PWD/$dir/questions.ndjson" go test ./iam -run '^$' -bench 'Questions$' -benchtime 1x | tee "$dir/ours.txt" | grep -E 'Questions|ns/decision' || true
bin=out/iam-speed/haetae
go build -o "$bin" ./cmd/haetae
"$bin" iam eval "$dir/questions.ndjson" | sed -E 's/.*"decision":"([A-Za-z]+)".*/\1/' >"$dir/verdicts.txt"
out/venv/bin/python - "$dir" <<'P'
import json, re, sys
d = sys.argv[1]
theirs = json.load(open(d + "/theirs.json"))
per = theirs["decisions"] / theirs["seconds"]
ours = 1e9 / float(re.search(r"([\d.]+) ns/decision", open(d + "/ours.txt").read()).group(1))
print(f"iam-simulate: {per:,.0f} decisions a second; haetae: {ours:,.0f}; {ours / per:,.0f} times as many")
a, b = open(d + "/theirs.txt").read().split("\n")[:-1], open(d + "/verdicts.txt").read().split("\n")[:-1]
questions = open(d + "/questions.ndjson").read().split("\n")
differ = [i for i in range(len(a)) if a[i] != b[i]]
print(f"{len(a) - len(differ)} of {len(a)} verdicts are the same; " + ", ".join(f"{v} {b.count(v)}" for v in sorted(set(b))))
for i in differ[:20]:
    q = json.loads(questions[i])["request"]
    print(f"  {q['action']} on {q['resource']}: theirs {a[i]}, ours {b[i]}")
P
