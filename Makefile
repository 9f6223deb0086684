# One door to everything: people, .ci/run and the GitHub workflow all use these targets.

PYTHON ?= python3
ARGS ?=
NAMES ?=
ENCODER ?=
TORCH_INDEX ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DOCS := $(VENV)/.installed_docs
TORCH_VERSION := $(shell sed -n 's/^torch==//p' constraints.txt)
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt
EXTRA_INDEX := $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)")

# .telemetry refuses consent too, but Kedro's command-line hook asks only these.
export KEDRO_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1
# Material's advertisement of its successor.
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help setup run experiments test lint types docs bench encoder-is-named viz mlflow clean

help:  ## Show this help (the default)
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "Variables, as in  make run ARGS=\"--env klue\""
	@echo "  ARGS         more arguments for the command behind run, experiments, test, bench, viz or mlflow"
	@echo "  NAMES        experiments to run, from conf/*/parameters_experiments.yml (none: list them)"
	@echo "  ENCODER      folder or hub id of the encoder that bench measures"
	@echo "  PYTHON       interpreter that makes .venv, 3.11 or newer (default: python3)"
	@echo "  TORCH_INDEX  address of an extra package index that has CPU-only torch wheels"

setup: $(INSTALLED)  ## Make .venv and install everything, unless it is up to date

run: $(INSTALLED)  ## Run the whole job (ARGS="--env klue", ARGS="--pipelines train", ...)
	$(BIN)/kedro run $(ARGS)

experiments: $(INSTALLED)  ## Run several experiments and compare them (NAMES="typed_punct_query rbert_focal")
	$(BIN)/kedro experiments $(NAMES) $(ARGS)

# Compiled once instead of in every process that tests start, also where the shell says otherwise.
test: $(INSTALLED)  ## Run all tests, slow ones and doctests included
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n logical --maxprocesses 4 $(ARGS)

lint: $(INSTALLED)  ## Check style, formatting, import directions and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

types: $(INSTALLED)  ## Check types only
	$(BIN)/mypy

docs: $(INSTALLED_DOCS)  ## Build the documentation site in site/ (open site/index.html)
	$(BIN)/mkdocs build --strict --quiet

bench: encoder-is-named $(INSTALLED)  ## Measure speed against plain baselines (ENCODER=<folder or hub id>)
	$(BIN)/python benchmarks/run.py --encoder "$(ENCODER)" $(ARGS)

encoder-is-named:
	@test -n "$(ENCODER)" || { echo "bench needs an encoder: make bench ENCODER=<folder or hub id>" >&2; exit 2; }

# The flow in a dozen boxes: at the bare address Kedro-Viz draws every dataset between them too.
OPEN_STAGES := import os, sys, webbrowser; os.environ.update(BROWSER=os.environ['BROWSER_BEFORE']); webbrowser.open(sys.argv[1] + '?types=nodes')

viz: $(INSTALLED)  ## Look at the pipelines in the browser
	@BROWSER_BEFORE="$$BROWSER" BROWSER="$(BIN)/python -c \"$(OPEN_STAGES)\" %s" $(BIN)/kedro viz run --include-hooks $(ARGS) | \
	  { while IFS= read -r line; do \
	      case "$$line" in " http"*/) line="$$line?types=nodes" started=yes;; esac; printf '%s\n' "$$line"; \
	    done; test -n "$$started"; }

mlflow: $(INSTALLED)  ## Compare runs in the browser
	@$(BIN)/python -m klue_pipeline.tracking.pages mlflow.db $(ARGS)
	$(BIN)/mlflow ui --backend-store-uri sqlite:///mlflow.db $(ARGS)

# Raw data is never touched, whoever put it there; nor are the records of MLflow and of searches, and what you wrote into submissions.csv.
clean:  ## Remove what runs and tools leave (keeps raw data, submissions.csv, .venv, records of MLflow and of searches)
	find data -type d -name 01_raw -prune -o -type f ! -name .gitkeep \
	  ! -path '*/08_reporting/submissions.csv' ! -name 'optuna.db*' -exec rm -f {} +
	find data -depth -mindepth 1 -type d -empty ! -path '*/01_raw*' -exec rmdir {} \;
	rm -rf .viz build dist sessions site htmlcov .coverage .coverage.*
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find conf src tests scripts benchmarks -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# torch comes first and exact: left to the resolver, it would take a CUDA build of several GB.
$(INSTALLED): pyproject.toml constraints.txt
	@command -v "$(PYTHON)" >/dev/null || \
	  { echo "There is no '$(PYTHON)' here. Install Python 3.11 or newer, or name one: make setup PYTHON=<path>" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Found Python %d.%d; 3.11 or newer is wanted. Name one: make setup PYTHON=<path>" % sys.version_info[:2])'
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || \
	  { echo "Making $(VENV) with $$("$(PYTHON)" --version) ..."; "$(PYTHON)" -m venv --clear $(VENV); }
	@if command -v nvidia-smi >/dev/null; then \
	  echo "Installing torch $(TORCH_VERSION) (CUDA) ..."; \
	  $(PIP_INSTALL) $(EXTRA_INDEX) "torch==$(TORCH_VERSION)"; \
	else \
	  echo "Installing torch $(TORCH_VERSION) (CPU) ..."; \
	  $(PIP_INSTALL) $(EXTRA_INDEX) "torch==$(TORCH_VERSION)+cpu" 2>/dev/null || \
	  { echo "No CPU-only wheel is reachable, taking the default one: on Linux it brings several GB of CUDA (TORCH_INDEX=<url> avoids that)."; \
	    $(PIP_INSTALL) "torch==$(TORCH_VERSION)"; }; \
	fi
	@echo "Installing klue_pipeline and its tools, this takes a minute or more ..."
	@$(PIP_INSTALL) --editable ".[dev]"
	@touch $@

# Apart, so that setup stays quick.
$(INSTALLED_DOCS): $(INSTALLED)
	@echo "Installing what builds the documentation ..."
	@$(PIP_INSTALL) --editable ".[docs]"
	@touch $@
