# SPDX-License-Identifier: Apache-2.0
#
#   make demo      set everything up and start a small founded organisation
#   make test      set everything up, then check and test everything
#   make setup     .venv with `comity` and `comity-verify`
#   make compile   recompile the pinned requirement files (needs uv; nothing else here does)
#   make clean     remove what this file made; the demo's data folder is left alone
#
# Needs: make, Python 3.11 or later. A second call of any target does only what changed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
VENV_MADE := $(VENV)/.made
RUN_READY := $(VENV)/.ready-run
TEST_READY := $(VENV)/.ready-test

PIP_INSTALL := scripts/pip install -qq --disable-pip-version-check

# An index variable in the environment would otherwise be consulted by uv, and might end up in a file.
UV_COMPILE := env -u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_DEFAULT_INDEX -u UV_FIND_LINKS \
	uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make compile"
PROJECTS := pyproject.toml verifier/pyproject.toml

.PHONY: help setup setup-test check test demo compile clean

help:
	@sed -n 's/^#   //p' Makefile

setup: $(RUN_READY)

setup-test: $(TEST_READY)

check: $(TEST_READY)
	scripts/check

# pytest comes last so that its summary closes the output; it also runs, and is told, when a check failed.
test: $(TEST_READY)
	@checks=0; scripts/check || checks=$$?; \
	echo "== tests"; \
	if [ $$checks -ne 0 ]; then echo "a check above FAILED: this run fails, whatever the tests say"; fi; \
	$(BIN)/pytest && exit $$checks

demo: $(RUN_READY)
	$(BIN)/comity demo

compile:
	$(UV_COMPILE) $(UPGRADE) $(PROJECTS) requirements/run.in -o requirements/run.txt
	$(UV_COMPILE) $(UPGRADE) $(PROJECTS) requirements/test.in --extra test --extra bench \
		-c requirements/run.txt -o requirements/test.txt

clean:
	rm -rf $(VENV) build dist verifier/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src verifier tests bench conformance -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV_MADE):
	scripts/make-venv $(VENV)
	@touch $@

# The build backend is among the pinned requirements, so nothing is fetched without a hash.
$(RUN_READY): $(VENV_MADE) requirements/run.txt $(PROJECTS)
	$(PIP_INSTALL) --require-hashes -r requirements/run.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation -e . -e verifier
	@touch $@

$(TEST_READY): $(RUN_READY) requirements/test.txt
	$(PIP_INSTALL) --require-hashes -r requirements/test.txt
	@touch $@
