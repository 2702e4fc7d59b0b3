#!/usr/bin/env bash
# Records per second and peak memory of detection, next to gunzip alone, encoding/json
# and other engines. usage: bench-detect.sh [FOLDER OF CLOUDTRAIL FILES]
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p out/bench-detect
go build -o out/bench-detect/bench-detect ./scripts/bench-detect
peer=()
if command -v cargo >/dev/null && cargo build --quiet --release --locked --ignore-rust-version --manifest-path scripts/bench-detect/peer/Cargo.toml --target-dir out/bench-detect/peer; then
	peer=(-peer out/bench-detect/peer/release/peer)
else
	echo "cargo is not here, or could not build the other engines: they are left out" >&2
fi
exec out/bench-detect/bench-detect "${peer[@]}" ${1:+-dir "$1"}
