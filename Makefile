# Every command of the project. A fresh clone needs Python >= 3.11 and make, nothing else: each target sets up what
# it needs first, once. `make` alone lists them.

VENV := .venv
JSON_VENV := .venv-json
DIALECT_VENV := .venv-dialects
JS := tests/clients/js
PY := $(VENV)/bin/python
STAGE ?= dev
TENANT ?= default
SCOPE ?= ingest
DO ?= show
comma := ,

.DEFAULT_GOAL := help
.PHONY: help setup setup-clients run test check format demo bench key sampling rebuild package library clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## make the virtual environment and install everything pinned, once
	@:

setup-clients: $(JSON_VENV)/.installed $(DIALECT_VENV)/.installed $(JS)/node_modules/.installed ## install what else tests use: other clients, dynalite
	@:

# `exec`: signals reach the interpreter itself, and make has no shell in between to complain about.
run: setup ## start the whole backend on HOST:PORT (127.0.0.1:8000), engine included
	@exec $(PY) -m chalicelib.local

test: setup setup-clients ## every test that needs nothing but Python (ARGS="-k name -n 0" narrows, in one process)
	@exec $(PY) -m pytest --numprocesses auto --dist loadfile $(ARGS)

check: setup ## ruff, mypy and import-linter
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

format: setup ## let ruff rewrite what it can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

demo: setup ## send the traffic of a small shop, and of a traced workflow, to a running server
	@$(PY) -m examples.shop
	@exec $(PY) -m examples.workflow

bench: setup ## one table: bytes, write units and CPU, with ratios to the floors
	@exec $(PY) -m benchmarks

key: setup ## make an access key: make key TENANT=acme SCOPE=ingest,read
	@exec $(PY) -m chalicelib.cli.key --tenant "$(TENANT)" $(addprefix --scope=,$(subst $(comma), ,$(SCOPE)))

sampling: setup ## how a tenant samples: make sampling TENANT=acme DO="set policies.json" (or set-strategies …)
	@exec $(PY) -m chalicelib.cli.sampling --tenant "$(TENANT)" $(DO)

rebuild: setup ## drop every view and make it again from the facts, in the tables that the environment names
	@exec $(PY) -m chalicelib.cli.rebuild $(ARGS)

package: setup ## build what CloudFormation deploys into build/STAGE: make package STAGE=dev
	@exec $(PY) -m infra.package --stage "$(STAGE)" "build/$(STAGE)"

library: setup ## build what functions import, as a wheel and as a Lambda layer, into build/library
	@exec $(PY) -m infra.library build/library

clean: ## remove everything that make made, environments included
	rm -rf $(VENV) $(JSON_VENV) $(DIALECT_VENV) $(JS)/node_modules build .chalice/deployments
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: requirements.txt requirements-dev.txt
	@sh scripts/make-venv.sh $(VENV) requirements-dev.txt

$(JSON_VENV)/.installed: tests/clients/python_json/requirements.txt
	@sh scripts/make-venv.sh $(JSON_VENV) $<

$(DIALECT_VENV)/.installed: tests/clients/python_dialects/requirements.txt
	@sh scripts/make-venv.sh $(DIALECT_VENV) $<

$(JS)/node_modules/.installed: $(JS)/package-lock.json
	@sh scripts/install-js-clients.sh $(JS)
