#!/usr/bin/env bash
# Makes out/venv: Python with moto, boto3 and the AWS CLI in pinned versions.
# Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/.."
pinned='moto[server]==5.2.5 boto3==1.44.8 awscli==1.46.3'
[ "$(cat out/venv/pinned 2>/dev/null)" = "$pinned" ] && exit 0
mkdir -p out
[ -x out/venv/bin/python ] || python3 -m venv out/venv
# shellcheck disable=SC2086 # a list of words
out/venv/bin/pip install --quiet --disable-pip-version-check $pinned
echo "$pinned" >out/venv/pinned
