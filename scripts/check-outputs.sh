#!/usr/bin/env bash
# Checks what haetae writes against the schemas of those who read it: botocore's
# model of BatchImportFindings, the OCSF 1.8 schema, the SARIF 2.1.0 schema.
# Installs the validators into out/venv.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p out
if [ ! -x out/venv/bin/python ]; then
	python3 -m venv out/venv
fi
out/venv/bin/pip install --quiet --disable-pip-version-check botocore==1.44.8 jsonschema==4.26.0 ocsf-json-schema==1.2.0
if [ ! -d out/sarif-schema ]; then
	mkdir -p out/sarif-schema
	(cd out/sarif-schema && npm pack --silent @microsoft/jest-sarif@1.0.0-beta.0 >/dev/null && tar xzf ./*.tgz)
fi
go build -trimpath -o out/haetae ./cmd/haetae
for format in asff ocsf sarif junit; do
	out/haetae scan --quiet --from sample --all --fail-on none --output "$format=out/sample.$format"
done
out/venv/bin/python scripts/check-asff.py report/testdata/report.asff out/sample.asff
out/venv/bin/python scripts/check-ocsf.py report/testdata/report.ocsf out/sample.ocsf
out/venv/bin/python scripts/check-sarif.py out/sarif-schema/package/lib/schemas/sarif-2.1.0-rtm.5.json report/testdata/report.sarif out/sample.sarif
