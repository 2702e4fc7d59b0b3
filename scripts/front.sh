# Sourced by what measures live scans, with $moto and $front set, the ports of the
# moto server and of what stands before it. Nothing is kept but under out/.
# HAETAE is a binary to measure instead of this tree's.
haetae=${HAETAE:-out/haetae}
[ -n "${HAETAE-}" ] || go build -trimpath -o out/haetae ./cmd/haetae
go build -o out/replay ./scripts/replay
python=out/venv/bin/python
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
export HAETAE_DATA=$PWD/out/measured

replay=
end() {
	[ -z "$replay" ] || kill "$replay" 2>/dev/null || true
	scripts/moto.sh stop "$moto"
}
trap end EXIT

# front NAME ARGS…: starts the recorder or the replay; its statistics go to NAME.
front() {
	local stats=$1
	shift
	out/replay "$@" --listen 127.0.0.1:"$front" >"$stats" &
	replay=$!
	for _ in $(seq 100); do
		$python -c "import socket; socket.create_connection(('127.0.0.1', $front), 1)" 2>/dev/null && return
		sleep 0.1
	done
	echo 'replay does not answer' >&2 && exit 1
}
rear() {
	kill "$replay" && wait "$replay"
	replay=
}

quotas=()
[ -f aws/quotas.yaml ] && quotas=(--quotas aws/quotas.yaml)
