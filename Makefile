# `make test` and `make demo` need python3.11 (or newer), git and make; everything else goes into .venv.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --constraint constraints.txt
STAMP := $(VENV)/.installed

export OMP_NUM_THREADS ?= 1
export PYTHONDONTWRITEBYTECODE ?= 1

.PHONY: help venv format schema lint types layers unit test demo corpus-slice corpus clean

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

schema: venv  ## write rules/rules.schema.json anew, after a change of the rule language
	$(BIN)/python -m mutagen rules schema -o rules/rules.schema.json

lint: venv  ## formatting and lint rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: venv  ## mypy, strict
	$(BIN)/mypy

layers: venv  ## who may import whom
	$(BIN)/lint-imports

unit: venv  ## the tests
	$(BIN)/python -m compileall -q mutagen  # once, where every command of the tests would do it again
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)

test: lint types layers unit  ## everything that must pass before a merge

demo: venv $(VENV)/.corpus  ## the main job on a sample and on the ResNet of a published package
	PATH="$(CURDIR)/$(BIN):$$PATH" bash scripts/demo.sh

# Third-party packages, for the demo and the corpus only; --no-deps: torch and numpy are there already.
$(VENV)/.corpus: corpus/requirements.txt | $(STAMP)
	$(PIP) --no-deps --requirement corpus/requirements.txt
	touch $@

$(VENV)/.corpus-full: corpus/requirements-full.txt $(VENV)/.corpus
	$(PIP) --requirement corpus/requirements-full.txt
	touch $@

corpus-slice: venv $(VENV)/.corpus  ## all rules on ten third-party models, judged independently
	$(BIN)/python -m corpus.run --entries slice --rules every --scope package --jobs 2 --warm --compare $(CORPUS_ARGS)

corpus: venv $(VENV)/.corpus-full  ## all rules on all models of the corpus (hours); CORPUS_ARGS="--resume --store FILE"
	$(BIN)/python -m corpus.run --entries all --scope both --warm $(CORPUS_ARGS)

clean:  ## remove what the other targets made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
