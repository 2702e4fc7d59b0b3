# haetae: everything that people and CI run. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
GO ?= go
OUT := out
FUZZTIME ?= 20s
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.6.1

.PHONY: help build demo test lint fuzz bench gen crosscheck templates clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

build: ## bin/haetae
	@mkdir -p bin
	$(GO) build -trimpath -o bin/haetae ./cmd/haetae

demo: build ## scan the sample organisation: findings here, a page in out/demo.html
	@mkdir -p $(OUT)
	@bin/haetae scan --from sample --fail-on none --output table --output html=$(OUT)/demo.html
	@echo
	@echo "The same as a page: $(OUT)/demo.html"

test: lint ## install what the tests need, then run them all
	$(GO) test -race ./...
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

gen: ## schema/cloudformation.gz anew from the npm package
	scripts/schema.sh

crosscheck: ## DIR=folder of Guard rule tests: agreement of our controls with theirs
	@test -n "$(DIR)" || { echo 'usage: make crosscheck DIR=folder-of-guard-tests'; exit 2; }
	$(GO) run ./scripts/crosscheck $(DIR)

templates: build ## DIR=folder of templates: scan each, none may crash
	@test -n "$(DIR)" || { echo 'usage: make templates DIR=folder-of-templates'; exit 2; }
	scripts/templates.sh $(DIR)

clean: ## remove what was built
	rm -rf bin $(OUT)
