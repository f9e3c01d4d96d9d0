# Everything needs Python 3.11 or later and nothing else: the first target that runs sets up .venv by itself.

PYTHON ?= python3
UV_VERSION = 0.13.9
VENV = .venv
RUN = $(VENV)/bin/
READY = $(VENV)/.ready
# Hundreds of nodes are started by the tests: each would compile the whole hub again.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help setup demo test test-long lint campaign simulate defects crash-points mutants properties benchmark benchmark-mapping benchmark-soap fuzz interop contract-examples clean

help:           ## Say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 20

setup: $(READY) ## Install the hub and its tools into .venv

$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(RUN)python || $(PYTHON) -m venv $(VENV)
	@$(RUN)python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(RUN)uv sync --frozen --quiet --inexact --compile-bytecode --python $(RUN)python
	@touch $(READY)

demo: $(READY)  ## Play every exchange both ways; ONCE=1 ends with 0 when every message made its whole trip
	@$(RUN)hub demo $(if $(ONCE),--once)

test: $(READY)  ## The whole check: style, types, floors, configuration, every test
	@$(MAKE) --no-print-directory lint
	$(RUN)pytest -n 3 --dist loadfile --no-loadscope-reorder

test-long: $(READY) ## The tests that start and end many real nodes: minutes more
	$(RUN)pytest -n 2 --dist loadfile -m long

lint: $(READY)  ## Style, types, floors, and hub check on what ships
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports
	$(RUN)hub check

campaign: $(READY) ## Three nodes and PostgreSQL under faults, and a judge; MINUTES=15: the whole proof; SEED=N: one that was
	$(RUN)python -m tests.faults.campaign --minutes $(or $(MINUTES),1) $(if $(SEED),--seed $(SEED))

simulate: $(READY) ## Whole campaigns under virtual time, each by its seed: SEEDS=10000, FIRST=0
	@$(RUN)python -m tests.delivery.simulate --seeds $(or $(SEEDS),1000) --first $(or $(FIRST),0)

defects: $(READY) ## Plant twenty defects in copies of the hub, one at a time: each must be found as what it is
	@$(RUN)python -m tests.defects

crash-points: $(READY) ## Kill, EIO and ENOSPC at every write and sync of the ledger on SQLite, and 2,000 power cuts (needs strace)
	$(RUN)python -m tests.storage.power_loss
	$(RUN)python -m tests.storage.crash_points

mutants: $(READY) ## Slips in every shipped mapping, table and example: how many hub check finds, and those that get away
	$(RUN)python -m tests.translation.mutations
	$(RUN)python -m tests.benchmarks.check_200

properties: $(READY) ## The laws on ten thousand made mappings and messages each, through XML and JSON
	$(RUN)python -m tests.translation.properties

benchmark: $(READY) ## The hub beside what one would use instead, into docs/reference/performance.md; SHORT=1: two minutes
	@VIRTUAL_ENV=$(abspath $(VENV)) $(RUN)uv sync --frozen --quiet --inexact --group benchmark --python $(RUN)python
	$(RUN)python -m tests.benchmarks.delivery $(if $(SHORT),--short) $(if $(MILLIONS),--millions $(MILLIONS)) --python $(PYTHON)

benchmark-mapping: $(READY) ## What a mapping costs against the same by hand, and half of it by XSLT and jmespath
	$(RUN)python -m tests.benchmarks.mapping

benchmark-soap: $(READY) ## What a SOAP call costs, held against its contract both ways, and the loading of 800 types
	$(RUN)python -m tests.benchmarks.soap

fuzz: $(READY)  ## Six coverage-guided fuzzers, two at a time: SECONDS=600 each, TARGET=xml for one
	@VIRTUAL_ENV=$(abspath $(VENV)) $(RUN)uv sync --frozen --quiet --inexact --group fuzz --python $(RUN)python
	@$(RUN)python -m tests.fuzz --seconds $(or $(SECONDS),600) $(if $(TARGET),--target $(TARGET))

interop: $(READY) ## SOAP stacks of others against the hub, both ways, into docs/reference/interop.md; skips what is not there
	@VIRTUAL_ENV=$(abspath $(VENV)) $(RUN)uv sync --frozen --quiet --inexact --group benchmark --python $(RUN)python
	$(RUN)python -m tests.interop

contract-examples: $(READY) ## Ten thousand requests made from the OpenAPI document, every answer held to it; EXAMPLES=10000
	@$(RUN)python -m tests.endpoints.contract_examples --examples $(or $(EXAMPLES),10000)

clean:          ## Remove what was installed and made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .benchmark .interop .fuzz
