#!/usr/bin/env bash
# Runs the script of `haetae collect --script` with the real AWS CLI against a
# moto server on loopback that holds a few flawed resources, scans the folder it
# fills, and looks for the flaws. Installs moto and the AWS CLI into out/venv.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p out
scripts/venv.sh
go build -trimpath -o out/haetae ./cmd/haetae

port=${MOTO_PORT:-5566}
export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
# The AWS CLI of version 1 does not take AWS_ENDPOINT_URL for every service, and
# nothing here may leave this machine.
mkdir -p out/wrapped
printf '#!/usr/bin/env bash\nexec "%s" "$@" --endpoint-url "$AWS_ENDPOINT_URL"\n' "$PWD/out/venv/bin/aws" >out/wrapped/aws
chmod +x out/wrapped/aws
export PATH=$PWD/out/wrapped:$PWD/out/venv/bin:$PATH REGIONS=us-east-1
moto_server -H 127.0.0.1 -p "$port" >out/moto.log 2>&1 &
moto=$!
trap 'kill $moto 2>/dev/null || true' EXIT
for _ in $(seq 100); do
	python -c "import socket; socket.create_connection(('127.0.0.1', $port), 1)" 2>/dev/null && break
	sleep 0.2
done
python scripts/seed.py

rm -rf out/collected
out/haetae collect --script >out/collect.sh
bash out/collect.sh out/collected
out/haetae scan --quiet --from out/collected --output ndjson --all --fail-on none >out/collected.ndjson || [ $? -eq 0 ]

python - <<'PY'
import json, sys
rows = [json.loads(l) for l in open("out/collected.ndjson")]
verdicts = {}
for r in rows:
    if "control" in r:
        verdicts.setdefault((r["control"], r["status"]), []).append(r["resource"]["id"])
bad = 0
def expect(control, status, part):
    global bad
    if not any(part in i for i in verdicts.get((control, status), [])):
        bad += 1
        print(f"{control}: no {status} for {part}: {[(s, v) for (c, s), v in verdicts.items() if c == control]}")
expect("ec2-security-group-ssh-not-open", "FAIL", "sg-")
expect("s3-bucket-versioning-enabled", "FAIL", "haetae-seed-open")
expect("s3-bucket-versioning-enabled", "PASS", "haetae-seed-closed")
expect("s3-bucket-public-access-block-enabled", "FAIL", "haetae-seed-open")
expect("s3-bucket-public-access-block-enabled", "PASS", "haetae-seed-closed")
expect("iam-user-inline-no-admin", "FAIL", "seed")
expect("kms-key-rotation-enabled", "FAIL", "-")
expect("rds-instance-storage-encrypted", "FAIL", "seed")
expect("rds-instance-not-public", "FAIL", "seed")
expect("sqs-queue-encrypted", "PASS", "seed")
files = [r for r in rows if "error" in r]
for f in files:
    bad += 1
    print("not read:", f)
n = {s: sum(len(v) for (c, t), v in verdicts.items() if t == s) for s in ("PASS", "FAIL", "UNKNOWN", "NOT_APPLICABLE")}
print(f"collected folder: {n}, {bad} wrong")
sys.exit(1 if bad else 0)
PY
