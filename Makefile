# soilscope: everything a newcomer needs; `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
STUDY  ?= helan heihe
VENV   := .venv
STAMPS := .stamps
BIN    := $(VENV)/bin
ENV_PY := $(BIN)/python
UV     := $(BIN)/uv

.PHONY: help
help: ## list all targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# --- environments: a stamp keyed on pyproject.toml makes a second run free --------------------

$(STAMPS)/venv:
	@command -v $(PYTHON) >/dev/null || { echo "soilscope needs Python 3.11 or newer; none was found (set PYTHON=...)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "soilscope needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1) (set PYTHON=...)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "this Python cannot make environments; install its venv module (Debian: apt install python3-venv)"; exit 1; }
	@test -x $(ENV_PY) || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(BIN)/pip install --quiet uv 2>/dev/null || echo "uv is not available here; pip installs instead (slower)"
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: pyproject.toml | $(STAMPS)/venv
	@echo "installing soilscope"
	@if test -x $(UV); then $(UV) pip install --quiet --python $(ENV_PY) -e .; else $(BIN)/pip install --quiet -e .; fi
	@touch $@

$(STAMPS)/dev: pyproject.toml $(STAMPS)/run
	@echo "installing the development tools"
	@if test -x $(UV); then $(UV) pip install --quiet --python $(ENV_PY) --group dev; else $(BIN)/pip install --quiet --upgrade pip && $(BIN)/pip install --quiet --group dev; fi
	@touch $@

$(STAMPS)/bench: pyproject.toml $(STAMPS)/run
	@if test -x $(UV); then $(UV) pip install --quiet --python $(ENV_PY) --group bench; else $(BIN)/pip install --quiet --upgrade pip && $(BIN)/pip install --quiet --group bench; fi
	@touch $@

.PHONY: setup
setup: $(STAMPS)/dev ## environment with the package and the development tools

# --- what people run --------------------------------------------------------------------------

.PHONY: demo
demo: $(STAMPS)/run ## run both demo studies (STUDY=helan or heihe: one) and print where their reports are
	@for study in $(STUDY); do $(BIN)/soilscope demo $$study --results results/$$study || exit 1; done

.PHONY: test
test: $(STAMPS)/dev ## run the tests
	@$(ENV_PY) -m pytest -n 2

.PHONY: lint
lint: $(STAMPS)/dev ## check format and rules
	@$(BIN)/ruff format --quiet --check . && $(BIN)/ruff check --quiet .

.PHONY: types
types: $(STAMPS)/dev ## check types
	@$(BIN)/mypy --no-error-summary

.PHONY: format
format: $(STAMPS)/dev ## format the code
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .

.PHONY: coverage
coverage: $(STAMPS)/dev ## measure branch coverage of the kernels, run as plain Python
	@NUMBA_DISABLE_JIT=1 $(ENV_PY) -m pytest -n 2 tests/kernels tests/oracles tests/analyse/test_events.py tests/analyse/test_onset_delay.py tests/house/test_compile.py -m "not jit" -W ignore::RuntimeWarning \
		--cov=soilscope.kernels --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=95

.PHONY: bench
bench: $(STAMPS)/bench ## time the kernels beside their peers
	@for script in trend index regression agreement smci_read smoothing regrid terrain downscaling; do $(ENV_PY) benchmarks/$$script.py || exit 1; done

.PHONY: clean
clean: ## remove the environment and everything that was generated
	@rm -rf $(VENV) $(STAMPS) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* htmlcov results
