# Everything needs Python 3.11 or later and nothing else: the first target that runs sets up .venv by itself.

PYTHON ?= python3
UV_VERSION = 0.13.9
VENV = .venv
RUN = $(VENV)/bin/
READY = $(VENV)/.ready

.PHONY: help setup demo test lint kill campaign mutants properties benchmark-mapping clean

help:           ## Say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 20

setup: $(READY) ## Install the hub and its tools into .venv

$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(RUN)python || $(PYTHON) -m venv $(VENV)
	@$(RUN)python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(RUN)uv sync --frozen --quiet --inexact --python $(RUN)python
	@touch $(READY)

demo: $(READY)  ## Play every exchange both ways; ONCE=1 ends with 0 when every message made its whole trip
	@$(RUN)hub demo $(if $(ONCE),--once)

test: $(READY)  ## The whole check: style, types, floors, configuration, every test
	@$(MAKE) --no-print-directory lint
	$(RUN)pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(READY)  ## Style, types, floors, and hub check on what ships
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports
	$(RUN)hub check

kill: $(READY)  ## kill -9 ten times during 1,000 messages, on SQLite and on two nodes with PostgreSQL
	HUB_KILLS=10 $(RUN)pytest tests/faults/test_kill.py -s

campaign: $(READY) ## The same a hundred times during 10,000 messages
	HUB_KILLS=100 $(RUN)pytest tests/faults/test_kill.py -s

mutants: $(READY) ## Slips in every shipped mapping, table and example: how many hub check finds, and those that get away
	$(RUN)python -m tests.translation.mutations
	$(RUN)python -m tests.benchmarks.check_200

properties: $(READY) ## The laws on ten thousand made mappings and messages each, through XML and JSON
	$(RUN)python -m tests.translation.properties

benchmark-mapping: $(READY) ## What a mapping costs against the same by hand, and half of it by XSLT and jmespath
	$(RUN)python -m tests.benchmarks.mapping

clean:          ## Remove what was installed and made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
