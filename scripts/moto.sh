#!/usr/bin/env bash
# scripts/moto.sh start PORT | stop PORT
# A moto server on loopback, in the background, until it is stopped. Whoever
# comes with credentials that no role gave is in account 111111111111.
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1-} ${2-}" in
start\ [0-9]* | stop\ [0-9]*) port=$2 ;;
*) echo 'usage: scripts/moto.sh start PORT | stop PORT' >&2 && exit 2 ;;
esac
pid=out/moto-$port.pid

if [ "$1" = stop ]; then
	[ -f "$pid" ] || exit 0
	kill "$(cat "$pid")" 2>/dev/null || true
	rm -f "$pid"
	exit 0
fi

scripts/venv.sh
if out/venv/bin/python -c "import socket; socket.create_connection(('127.0.0.1', $port), 1)" 2>/dev/null; then
	echo "something answers on port $port already" >&2 && exit 1
fi
# moto's default account is a constant; the variable that it has for it would put
# everybody into that account, also who comes with credentials of a role.
# Its hundreds of public images would have snapshots that are the account's.
MOTO_EC2_LOAD_DEFAULT_AMIS=false nohup out/venv/bin/python -c '
import sys
import moto.core, moto.core.models
moto.core.DEFAULT_ACCOUNT_ID = moto.core.models.DEFAULT_ACCOUNT_ID = "111111111111"
from moto.server import main
main(sys.argv[1:])' -H 127.0.0.1 -p "$port" >"out/moto-$port.log" 2>&1 </dev/null &
echo $! >"$pid"
for _ in $(seq 150); do
	out/venv/bin/python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$port/moto-api/data.json', timeout=5)" 2>/dev/null && exit 0
	kill -0 "$(cat "$pid")" 2>/dev/null || break
	sleep 0.2
done
tail -5 "out/moto-$port.log" >&2
rm -f "$pid"
exit 1
