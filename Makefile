# Passerelle. `make help` lists every target.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CATALOGUES := $(wildcard translations/*/LC_MESSAGES/messages.po)
COMPILED := $(CATALOGUES:.po=.mo)
export PYTHONUTF8 := 1
# Compiled code is kept: some machines forbid it, and each process then takes twice as long to start.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run install test test-fast check lint types translations format bench screenshots lock messages clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  %-14s %s\n", $$1, $$2}'

run: $(VENV)/.installed $(COMPILED) ## Set up, load the demonstration archive, serve web, mail and worker
	@PASSERELLE_SMARTHOST=$${PASSERELLE_SMARTHOST:-file:var/outbox} $(BIN)/passerelle init
	@PASSERELLE_SMARTHOST=$${PASSERELLE_SMARTHOST:-file:var/outbox} $(BIN)/passerelle demo
	@PASSERELLE_SMARTHOST=$${PASSERELLE_SMARTHOST:-file:var/outbox} exec $(BIN)/passerelle serve $(ARGS)

install: $(VENV)/.installed $(COMPILED) ## Set up .venv with the passerelle command

test: $(VENV)/.tools $(COMPILED) ## Run the whole test suite
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

test-fast: $(VENV)/.tools $(COMPILED) ## Run the quick tests
	$(BIN)/python -m pytest -n 2 -m "not slow and not browser and not postgresql" --ignore=tests/browser --ignore=tests/flows --ignore=tests/benchmarks --hypothesis-profile=fast $(ARGS)

check: lint types translations ## Lint, types and translations

lint: $(VENV)/.tools ## Find mistakes and untidy code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.tools ## Check the annotations
	$(BIN)/mypy

translations: $(VENV)/.tools ## Fail on a missing, fuzzy or stale message
	$(BIN)/python -m tests.catalogues

format: $(VENV)/.tools ## Lay the code out as the lint wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: $(VENV)/.tools ## Take new interface strings into translations/
	$(BIN)/pybabel -q extract -F config/babel.cfg --no-location --sort-output --project=Passerelle --version= -k lazy_gettext -k _l -k lazy_ngettext:1,2 -o translations/messages.pot .
	for language in fr en es; do $(BIN)/pybabel -q update --no-fuzzy-matching --ignore-pot-creation-date -i translations/messages.pot -d translations -l $$language; done

bench: $(VENV)/.tools $(COMPILED) ## Measure
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(VENV)/.tools $(COMPILED) ## Picture every page, phone and desktop, in three languages
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

lock: $(VENV)/.tools ## Choose exact versions anew
	$(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --only-binary :all: --no-annotate --custom-compile-command "make lock" --upgrade requirements.in -o requirements.lock
	$(BIN)/uv pip compile -q --python-version 3.11 --universal --generate-hashes --only-binary :all: --no-annotate --custom-compile-command "make lock" -c requirements.lock requirements-dev.in -o requirements-dev.lock

clean: ## Remove what was built; var/ with the data stays
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache $(COMPILED)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock requirements-source.lock setup.cfg pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes --only-binary :all: -r requirements.lock
	$(PIP) install --require-hashes --no-deps --no-build-isolation --no-binary dkimpy -r requirements-source.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.tools: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@

%.mo: %.po | $(VENV)/.installed
	$(BIN)/pybabel -q compile -i $< -o $@ -l $(notdir $(patsubst %/LC_MESSAGES/,%,$(dir $<)))
