# Targets for people; everything runs in .venv, which is made when it is missing or older than pyproject.toml.
VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip install --quiet --disable-pip-version-check
LOCKS  := publisher/locks
LOCK   := uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
          --no-header --no-annotate --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)
PORT   ?= 8000

# Tests are compiled once and not in every process, whatever the environment says: a tenth of the time of `make check`.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint check bench nightly lock wheel clean

help:            ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/installed: pyproject.toml $(LOCKS)/run.txt
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tidegate needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])'
	python3 -m venv $(VENV)
	$(PIP) --require-hashes --requirement $(LOCKS)/run.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/tested: $(VENV)/installed $(LOCKS)/dev.txt
	$(PY) -m publisher.cli.main --version >/dev/null
	$(PIP) --require-hashes --requirement $(LOCKS)/dev.txt
	@touch $@

demo: $(VENV)/installed   ## keys, a real program published and verified, and the site, in build/demo
	@$(VENV)/bin/publish demo

serve: $(VENV)/installed  ## the demo's site and bucket on http://127.0.0.1:8000/; PORT=8137 for another port
	@$(VENV)/bin/publish serve --port $(PORT)

lint: $(VENV)/tested      ## style, types, layers, the content, a strict build of the site
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/publish check
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --quiet --strict --site-dir build/check-site

check: lint               ## the quick daily one: lint and unit tests, in under three minutes on two cores
	$(VENV)/bin/pytest -q -m 'not system' -n auto --dist loadfile --no-loadscope-reorder

test: $(VENV)/tested      ## all tests, system tests too
	$(VENV)/bin/pytest -n auto --dist loadfile --no-loadscope-reorder

nightly: $(VENV)/tested   ## long tests: huge files, many races and examples, Ceph (.ci/ceph installs it)
	TIDEGATE_SYSTEM_TESTS=required $(VENV)/bin/pytest -n auto --hypothesis-profile night -m 'nightly or hypothesis'

bench: $(VENV)/tested     ## speed and size as ratios, into build/bench.json
	$(PY) -m tests.bench

lock:            ## write the locks anew for a changed pyproject.toml; UPGRADE=1 takes newer versions (needs uv and npm)
	$(LOCK) pyproject.toml --group build --group dev --output-file $(LOCKS)/dev.txt
	$(LOCK) pyproject.toml --group build --constraint $(LOCKS)/dev.txt --output-file $(LOCKS)/run.txt
	@set -e; for group in refresh client hsm gcpkms azurekms hv tkey; do \
	    $(LOCK) --group pyproject.toml:$$group --constraint $(LOCKS)/dev.txt --output-file $(LOCKS)/$$group.txt; \
	done
	cd tests/system/js && npm install --package-lock-only --omit-lockfile-registry-resolved \
	    --ignore-scripts --no-fund --no-audit --silent

wheel: $(VENV)/installed  ## this program as a wheel in dist/, and its SHA-256
	@rm -rf build/lib
	@$(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --wheel-dir dist .
	@cd dist && sha256sum tidegate-*.whl

clean:           ## remove what was built; the environment stays
	rm -rf build
