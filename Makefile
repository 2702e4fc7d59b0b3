# haetae: everything that people and CI run. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
GO ?= go
OUT := out
TAGS ?= # nolake: without the SQL engine, which needs a C and C++ compiler
FUZZTIME ?= 20s
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.6.1

.PHONY: help build demo test lint fuzz bench gen crosscheck clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

build: ## bin/haetae (TAGS=nolake: without SQL over logs)
	@mkdir -p bin
	$(GO) build -trimpath -tags '$(strip $(TAGS))' -o bin/haetae ./cmd/haetae

demo: build ## scan the sample organisation: findings here, a page in out/demo.html
	@mkdir -p $(OUT)
	@bin/haetae scan --from sample --fail-on none --output table --output html=$(OUT)/demo.html
	@echo
	@echo "The same as a page: $(OUT)/demo.html"

test: lint ## install what the tests need, then run them all
	scripts/venv.sh
	HAETAE_PYTHON=$(CURDIR)/$(OUT)/venv/bin/python $(GO) test -race -timeout 60m ./...
	HAETAE_PYTHON=$(CURDIR)/$(OUT)/venv/bin/python $(GO) test -timeout 20m -run ALiveScan ./collect
	scripts/check-outputs.sh

lint: ## formatting, vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'not formatted: gofmt -w .'; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

fuzz: ## every fuzz target for FUZZTIME
	scripts/fuzz.sh $(FUZZTIME)

bench: ## benchmarks of every engine, with the ratios that are promised
	$(GO) test -run '^$$' -bench . -benchmem ./...
	scripts/size.sh

bench-%: ## bench-scan: what a live scan costs (SIZES="small medium large"); bench-detect: how fast rules are, score-detect: what detections catch (DIR=folder of CloudTrail files)
	scripts/bench-$*.sh $(SIZES) $(DIR)

score-%: build
	$(GO) run ./scripts/score-$* $(if $(DIR),-cloudtrail $(DIR)) $(if $(JSON),-json)

vs-%: ## vs-prowler: the same account by Prowler, docs/vs-prowler.md anew (SIZE=small)
	scripts/vs-$*.sh $(SIZE)

gen: ## schema, permissions, wire model, docs/coverage.md and the pictures anew from what they come from
	scripts/schema.sh
	scripts/permission.sh
	scripts/venv.sh
	$(GO) generate ./aws
	$(GO) run ./scripts/coverage
	$(GO) run ./scripts/detections
	$(GO) run ./cmd/haetae net map --vpc vpc-042f901c0b1cd7ef9 --from sample --quiet --lang en -o docs/images/net-map.svg
	$(GO) run ./cmd/haetae net map --vpc vpc-042f901c0b1cd7ef9 --from sample --quiet --lang ko -o docs/images/net-map.ko.svg

crosscheck: build ## DIR=folder with guard-tests/ and templates/: our verdicts against theirs, no crash on any
	@test -n "$(DIR)" || { echo 'usage: make crosscheck DIR=folder'; exit 2; }
	$(GO) run ./scripts/crosscheck $(DIR)/guard-tests
	scripts/templates.sh $(DIR)/templates

clean: ## remove what was built
	rm -rf bin $(OUT)
