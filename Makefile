# `make test` and `make demo` need python3.11 (or newer), git and make; everything else goes into .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt
STAMP := $(VENV)/.installed

export OMP_NUM_THREADS ?= 1
export PYTHONDONTWRITEBYTECODE ?= 1

.PHONY: help venv format lint types layers unit test demo corpus-slice corpus clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) hatchling editables
	$(PIP) --no-build-isolation --editable '.[torch,dev]'
	touch $@

venv: $(STAMP)  ## make .venv with everything that the other targets need

format: venv  ## write the formatting and the safe lint fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: venv  ## formatting and lint rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: venv  ## mypy, strict
	$(BIN)/mypy

layers: venv  ## who may import whom
	$(BIN)/lint-imports

unit: venv  ## the tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test: lint types layers unit  ## everything that must pass before a merge

demo: venv $(VENV)/.pytorchcv  ## the main job on a sample and on a real ResNet file
	PATH="$(CURDIR)/$(BIN):$$PATH" bash scripts/demo.sh

$(VENV)/.pytorchcv: constraints.txt | $(STAMP)
	$(PIP) --no-deps pytorchcv
	touch $@

clean:  ## remove what the other targets made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
