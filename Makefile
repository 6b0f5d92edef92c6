# Everything a developer types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Running from the repository root must not import a second copy of the code as `broker` or `workers`.
export PYTHONSAFEPATH := 1

.PHONY: help demo test lint types imports check chaos bench docs clean
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("assetq needs Python 3.11 or newer; set PYTHON=python3.12, for example.") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## Backfill the flights of 2013 on a server and workers of its own
	@$(BIN)/assetq demo

test: $(STAMP) ## Run the test suite
	@$(BIN)/python -m pytest --numprocesses auto --dist loadgroup

lint: $(STAMP) ## Check style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

build/types/assetq: $(STAMP)
	@mkdir -p $@
	@for entry in assetq/*; do ln -sfn ../../../$$entry $@/; done
	@ln -sfn ../../../broker $@/broker && ln -sfn ../../../workers $@/workers

types: build/types/assetq ## Check types
	@$(BIN)/mypy

imports: build/types/assetq ## Check the import rules of the layers
	@cd build/types && ../../$(BIN)/lint-imports --config ../../pyproject.toml

check: lint types imports test ## Everything that CI runs

SEEDS ?= 1..20
chaos: $(STAMP) ## Break everything for longer than `make test` does; SEEDS=1..200, CHAOS_SEED=7
	@MODEL_EXAMPLES=$${MODEL_EXAMPLES:-200} $(BIN)/python -m pytest tests/chaos tests/scripts/test_model.py tests/scripts/test_pools_model.py \
		-m "chaos or not chaos" --timeout 600
	@PYTHONPATH=. $(BIN)/python -W ignore -m tests.chaos --seeds $(or $(CHAOS_SEED),$(SEEDS))

BENCH ?=
bench: $(STAMP) ## Measure, and write docs/benchmarks.md; BENCH=--with-dagster, BENCH="--largest 100000"
	@PYTHONPATH=. $(BIN)/python -m bench --docs docs $(BENCH)

docs: $(STAMP) ## Write the reference pages that follow from the code
	@$(BIN)/python docs/generate.py

clean: ## Remove what was built
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
