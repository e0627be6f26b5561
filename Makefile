# Two commands: `make demo` builds two real studies and three synthetic ones, `make test` runs every test. Both set up what they need first.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo test check simulate fuzz faults bench lock wheel-test docs notebooks test-browser test-words clean

# The first Python that really runs and is new enough; `python3.11` may be on the path and not work.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	if $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; then echo $$name; break; fi; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
STUDIES := jobs2 mission miriam-2024 miriam-1 thornton
SOURCES := $(shell find analysis/takeup -type f ! -name '*.pyc' 2>/dev/null)

# One thread for linear algebra: the matrices are small, the workers are many.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1

help:
	@echo 'make setup       an environment in .venv, from requirements.lock'
	@echo 'make demo        build the studies $(STUDIES) into reports/*/out'
	@echo 'make test        every test but the slow ones'
	@echo 'make check       style, types, layers, drift'
	@echo 'make simulate    the slow tests: size, coverage and power of the methods; new cases for the tests that look for some'
	@echo 'make fuzz        ten thousand damaged studies; make faults: builds killed, starved and crossed (docs/evidence)'
	@echo 'make bench       times against their budgets'
	@echo 'make notebooks   the tours as .ipynb files, each of them run once'
	@echo 'make wheel-test  build the wheel, install it elsewhere, build a study with it'
	@echo 'make docs        the documentation as a site, in site/'
	@echo 'make test-browser  the pages in a real browser, office files in LibreOffice, spelling; installs what these need where it can'
	@echo 'make test-words  spelling only'
	@echo 'make lock        write requirements.lock anew (needs a package index)'
	@echo 'make clean       remove what was built, keep .venv'

# Some installations leave these as source only, and every command would compile them anew.
COMPILED := statsmodels linearmodels patsy formulaic scipy pandas matplotlib pptx docx lxml babel jinja2 pydantic rich click yaml PIL xlsxwriter

# --- set-up: the stamps make the second run instant ---------------------------------------------------------------------------
setup: .venv/.setup-stamp

.venv/.lock-stamp: requirements.lock
	@test -n "$(PYTHON)" || { echo 'Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=/path/to/python3.11 ...' >&2; exit 1; }
	@echo 'Setting up .venv (once; a minute or two) ...'
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.lock
	@cd .venv/lib/python*/site-packages && $(CURDIR)/$(BIN)/python -m compileall -q -j 0 $(COMPILED) >/dev/null 2>&1 || true
	@touch $@

.venv/.setup-stamp: .venv/.lock-stamp pyproject.toml analysis/takeup/version.py
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# --- the two commands ------------------------------------------------------------------------------------------------------
demo: $(STUDIES:%=reports/%/out/manifest.json)
	@echo
	@echo 'Two real trials, and a MISSION and two MIRIAMs that never were (synthetic data), analysed and reported. Open:'
	@for study in $(STUDIES); do echo "  reports/$$study/out/report.html   (also report.pdf, results.csv, tables/, figures/)"; done

.SECONDEXPANSION:
reports/%/out/manifest.json: .venv/.setup-stamp $(SOURCES) $$(shell find reports/$$* data_schema/$$(firstword $$(subst -, ,$$*)) -type f ! -path '*/out/*' ! -path '*/.out-*')
	$(BIN)/takeup build reports/$*/plan.yaml
	@touch $@

# Synthetic data are made once. What lies there already is never touched, for it may be somebody's real data.
reports/mission/out/manifest.json: reports/mission/data/README.md
reports/mission/data/README.md: | .venv/.setup-stamp
	$(BIN)/takeup demo mission .
reports/miriam-2024/out/manifest.json reports/miriam-1/out/manifest.json: reports/miriam-2024/data/README.md
reports/miriam-2024/data/README.md: | .venv/.setup-stamp
	$(BIN)/takeup demo miriam .

# Files stay whole on one worker, so what a file builds once serves all its tests.
test: setup
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

# --- for those who change the house ----------------------------------------------------------------------------------------
check: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/house

simulate: setup
	$(BIN)/pytest -n auto --maxprocesses 4 -m slow $(ARGS)
	HYPOTHESIS_PROFILE=new $(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)
	$(BIN)/python tests/simulation/coverage.py
	$(BIN)/python tests/simulation/miriam.py
	$(BIN)/python tests/simulation/power.py
	$(BIN)/python tests/simulation/small_strata.py
	$(BIN)/python tests/parity/agreements.py
	PYTHONPATH=tests $(BIN)/python tests/simulation/attack_twice.py
	$(BIN)/python tests/published/published.py

fuzz: setup
	PYTHONPATH=tests $(BIN)/python tests/trust/fuzz.py $(ARGS)

faults: setup
	PYTHONPATH=tests $(BIN)/python tests/trust/faults.py $(ARGS)

bench: setup
	$(BIN)/python benchmarks/run.py $(ARGS)

notebooks: setup
	$(BIN)/jupytext --quiet --to ipynb notebooks/*/*.py
	$(BIN)/pytest -q -m '' tests/house/test_notebooks.py $(ARGS)

wheel-test: setup
	$(BIN)/pytest -m slow tests/house/test_wheel.py $(ARGS)

# Everything the site needs lies in the repository and the environment; nothing is fetched. -W: a broken reference is an error.
docs: setup
	$(BIN)/python -m sphinx -W --keep-going -q -j auto -d build/doctrees docs site
	@echo 'Open site/index.html'

# What these need besides .venv isn't Python: a browser, an office program, dictionaries. Where they are absent and can't be installed here, the
# tests say so and skip.
BROWSER_NEEDS := chromium libreoffice-writer libreoffice-impress poppler-utils
WORDS_NEEDS := hunspell hunspell-nl hunspell-fr hunspell-en-gb
INSTALL = missing=$$(for name in $(1); do dpkg -s $$name >/dev/null 2>&1 || echo $$name; done); \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	elif [ -n "$$missing" ]; then echo "Not installed, so skipped: $$missing" >&2; fi

test-browser: docs
	@$(call INSTALL,$(BROWSER_NEEDS) $(WORDS_NEEDS))
	$(BIN)/pytest -q -rs -m '' tests/browser tests/report/test_browser.py tests/report/test_brief_browser.py tests/report/test_pdf_accessible.py \
		tests/house/test_spelling.py tests/house/test_site.py $(ARGS)

test-words: setup
	@$(call INSTALL,$(WORDS_NEEDS))
	$(BIN)/pytest -q -rs tests/house/test_spelling.py tests/house/test_terms.py $(ARGS)

lock: setup
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --output-file requirements.lock

clean:
	rm -rf reports/*/out reports/*/.out-* dist build site docs/reference/*.rst .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache notebooks/.executed
