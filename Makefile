# Every target sets up what it needs, from a fresh clone on; a second call finds it done. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
TEST_WORKERS ?= 2
TEST_ARGS ?=
RUN_DATABASE ?= .run/demo.db
RUN_ARGS ?=

# Nothing is written outside the checkout except by the system's package manager.
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHON
# nginx lies where the PATH of an ordinary Debian user does not reach.
export PATH := $(PATH):/usr/sbin:/sbin

BIN := .venv/bin
UV := scripts/with-pip-settings $(BIN)/python -m uv --quiet
INSTALL_PROJECT := $(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
# Folders appear as the project grows; mypy refuses one that holds no Python.
TYPED := src tests $(foreach folder,bench dashboards examples scripts,$(if $(wildcard $(folder)/*.py $(folder)/*/*.py),$(folder)))

# The dashboard: Node.js comes with the wheel of the group `ui`, whatever the machine has.
NPM := cd ui && PATH="$(CURDIR)/$(BIN):$$PATH" NPM_CONFIG_CACHE="$(CURDIR)/.cache/npm" npm
NPM_PACKAGES := ui/node_modules/.installed
DASHBOARD := src/mockforge_analytics/ui_dist/index.html
DASHBOARD_SOURCES := $(shell find ui -name node_modules -prune -o -name 'dist*' -prune -o -type f -print)

.PHONY: help run test lint fix bench lock clean ui screenshots

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: .venv/.run $(DASHBOARD) ## the demo: a server, a shop that reports to it, and visitors; Ctrl-C ends them (RUN_ARGS="--port 0")
	@mkdir -p "$(dir $(RUN_DATABASE))"
	@exec $(BIN)/mockforge-analytics demo --database "$(RUN_DATABASE)" $(RUN_ARGS)

ui: $(DASHBOARD) ## build the dashboard where its sources changed

test: .venv/.dev $(DASHBOARD) ## run every test (TEST_ARGS="-k name" for some)
	@scripts/system-packages test
	$(if $(TEST_ARGS),,$(NPM) run --silent test)
	scripts/with-pip-settings $(BIN)/python -m pytest -n $(TEST_WORKERS) $(TEST_ARGS)

lint: .venv/.dev $(NPM_PACKAGES) ## check style, types, layers and the rules of the repository
	@scripts/system-packages lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy $(TYPED)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m scripts.openapi .cache/openapi.json
	$(NPM) run --silent types -- --check
	$(NPM) run --silent check
	$(NPM) run --silent lint
	$(NPM) run --silent format
	$(BIN)/python -m pytest -q -m "not packaging" tests/repo

fix: .venv/.dev $(NPM_PACKAGES) ## repair what the tools can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python -m scripts.definitions
	$(BIN)/python -m scripts.openapi .cache/openapi.json
	$(NPM) run --silent types
	$(NPM) run --silent fix

bench: .venv/.dev $(DASHBOARD) ## measure, and write bench/RESULTS.md
	@scripts/system-packages bench
	$(BIN)/python -m bench

screenshots: .venv/.dev $(DASHBOARD) ## take the pictures of docs/images from a run of the demo
	@scripts/system-packages test
	$(BIN)/python -m scripts.screenshots

# Pins stay as they are unless pyproject.toml rules them out; `make lock UPGRADE=--upgrade` takes the newest.
# One resolution (dev) for all four files; always from PyPI, whatever mirror this machine uses.
NO_MIRROR = env -u UV_DEFAULT_INDEX -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS
LOCK = @scripts/with-pip-settings $(NO_MIRROR) $(BIN)/python -m uv pip compile --quiet --no-config $(UPGRADE) \
	--default-index https://pypi.org/simple --no-emit-index-url --no-emit-find-links \
	--universal --python-version 3.11 --generate-hashes --annotation-style line --custom-compile-command "make lock"
lock: .venv/.bootstrap ## write requirements/*.txt anew from pyproject.toml
	$(LOCK) pyproject.toml --group dev -o requirements/dev.txt
	$(LOCK) pyproject.toml -c requirements/dev.txt -o requirements/run.txt
	$(LOCK) --group bootstrap -c requirements/dev.txt -o requirements/bootstrap.txt
	$(LOCK) --group ui -c requirements/dev.txt -o requirements/ui.txt

clean: ## remove everything the targets made
	rm -rf .venv .cache .run dist build ui/node_modules ui/dist-embed src/mockforge_analytics/ui_dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.bootstrap: requirements/bootstrap.txt
	@scripts/system-packages python
	"$(PYTHON)" -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/bootstrap.txt
	@touch $@

# Compiled here, as pip does it, so that no command compiles its libraries (1 s) where it cannot keep the outcome.
.venv/.run: .venv/.bootstrap requirements/run.txt pyproject.toml
	$(UV) pip install --compile-bytecode --python $(BIN)/python --require-hashes --requirement requirements/run.txt
	$(INSTALL_PROJECT)
	@touch $@

# What is in dev.txt includes run.txt, so the run environment is then up to date as well.
.venv/.dev: .venv/.bootstrap requirements/dev.txt requirements/run.txt pyproject.toml
	$(UV) pip sync --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.txt
	$(INSTALL_PROJECT)
	@touch .venv/.run .venv/.node $@

.venv/.node: .venv/.bootstrap requirements/ui.txt
	$(UV) pip install --python $(BIN)/python --require-hashes --requirement requirements/ui.txt
	@touch $@

$(NPM_PACKAGES): ui/package.json ui/package-lock.json ui/.npmrc | .venv/.node
	$(NPM) ci --silent
	@touch $@

$(DASHBOARD): $(DASHBOARD_SOURCES) $(NPM_PACKAGES)
	$(NPM) run --silent build
	@touch $@
