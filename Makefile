# Every target does its own set-up; a Debian machine with python3, make and git is enough.
#
#   make report   ingest data_samples and publish its report for 2026Q3 in English and Chinese
#   make test     run the tests
#   make stress   random kills and several writers for some twenty minutes; writes docs/stress.md
#   make bench    creditlab beside its peers; writes docs/benchmarks.md. BENCH="--scale" for the scale runs (hours)
#   make check    style, types, the direction of imports, stripped notebooks

SHELL := /bin/bash
# Where a machine forbids it, every command would compile its libraries anew.
unexport PYTHONDONTWRITEBYTECODE
CREDITLAB := .venv/bin/creditlab --workspace data_samples
PUBLISH := $(CREDITLAB) publish --period 2026Q3 --as-of 2026-10-20 --audience public

.PHONY: help report test stress bench check setup
help:
	@sed -n 's/^#   //p' Makefile

setup:
	@scripts/setup.sh

report: setup
	$(CREDITLAB) ingest
	$(PUBLISH) --language en
	$(PUBLISH) --language zh_CN
	@echo "The reports are listed on $(CURDIR)/reports/index.html"

test:
	@scripts/setup.sh tests
	.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

stress: setup
	.venv/bin/python -m tests.stress

bench: setup
	.venv/bin/python -m benchmarks $(BENCH)

check: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	git ls-files -z --cached --others --exclude-standard 'notebooks/*.ipynb' | xargs -0 -r .venv/bin/nbstripout --verify
