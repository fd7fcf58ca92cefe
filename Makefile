# Two commands to begin with: `make demo` and `make test`. Everything is in .venv; nothing is installed elsewhere.

PYTHON ?= python3
UV ?= uv
ARGS ?=

bin := .venv/bin
pip := $(bin)/python -m pip --disable-pip-version-check --no-input --quiet
from_lock := $(pip) install --require-hashes --only-binary :all:
lock := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(ARGS)

# A venv knows the absolute path it was made for: a moved checkout gets a new one.
ifneq ($(wildcard .venv/where),)
ifneq ($(shell cat .venv/where),$(CURDIR))
$(shell rm -rf .venv)
endif
endif

# The tests start hundreds of processes: each would compile the code anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test lint format torture soak bench explore mutate tables promises image audit lock clean

help: ## show this
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: .venv/runtime ## bring a small fleet live against a simulated Gupshup: no account, no credentials
	@$(bin)/gupshupctl demo $(ARGS)

test: lint ## every check: format, lint, types, floors, tests, coverage
	@echo '> pytest'
	@rm -f .coverage .coverage.*
	@$(bin)/python -m pytest -n auto --dist worksteal --cov --cov-report= --cov-fail-under=0 $(ARGS)
	@echo '> coverage'
	@$(bin)/python -m coverage report
	@$(bin)/python -m coverage report --include='controller/core/*' --fail-under=100

lint: .venv/dev ## every check that runs no test
	@echo '> ruff format'
	@$(bin)/ruff format --check --quiet .
	@echo '> ruff check'
	@$(bin)/ruff check --quiet .
	@echo '> mypy'
	@$(bin)/python -m mypy
	@echo '> lint-imports'
	@$(bin)/lint-imports

format: .venv/dev ## format the code
	@$(bin)/ruff format .
	@$(bin)/ruff check --fix .

torture: .venv/dev ## kill 200 applies, 10 replicas (a quarter of an hour); TORTURE_KILLS, _REPLICAS, _SEED, _FIGURES=file.json
	@TORTURE_KILLS=$${TORTURE_KILLS:-200} TORTURE_REPLICAS=$${TORTURE_REPLICAS:-10} $(bin)/python -m pytest -s \
		--timeout 7200 tests/e2e/test_torture.py tests/e2e/test_replicas.py $(ARGS)

soak: .venv/dev ## thirty simulated days of churn in a process that never stops (some minutes); SOAK_DAYS
	@SOAK_DAYS=$${SOAK_DAYS:-30} $(bin)/python -m pytest -q --timeout 7200 tests/sim/test_soak.py $(ARGS)

bench: .venv/dev ## measure: see benchmarks/README.md
	@$(bin)/python -m benchmarks $(ARGS)

audit: .venv/dev .venv-audit/ready ## check files that are not Python, the dependencies' licences and known vulnerabilities, and the wheel
	@GUPSHUPCTL_TEST_AUDIT=required $(bin)/python -m pytest -p no:randomly tests/deploy tests/supply $(ARGS)

image: .venv/dev ## build the container and run it with full confinement (two minutes); no engine needed
	@GUPSHUPCTL_TEST_IMAGE=required $(bin)/python -m pytest -p no:randomly tests/image $(ARGS)

explore: .venv/dev ## every pair of disruptions in simulated time, for hours; ARGS="link --pairs 5000" takes less
	@$(bin)/python -m tests.sim.explore --pairs all --triples 5000 $(ARGS)

mutate: .venv/mutate ## change a room's code in many ways, and count what no test notices: ROOM=edges/store ARGS="--sample 300"
	@$(bin)/python -m tests.promises mutate $(or $(ROOM),core) $(ARGS)

tables: .venv/dev ## write the tables of docs that are made from controller/core/explain
	@$(bin)/python -m tests.explained

promises: .venv/dev ## write docs/promises.md from the figures in docs/promises.json; ARGS="explored FILE" reads new figures
	@$(bin)/python -m tests.promises $(ARGS)

lock: ## write requirements/*.txt anew; ARGS=--upgrade takes newer versions
	@command -v "$(UV)" >/dev/null || { echo "make lock needs uv (pip install uv), or make lock UV=/path/to/uv" >&2; exit 1; }
	@$(lock) pyproject.toml --all-extras --group dev -o requirements/dev.txt
	@$(lock) pyproject.toml --all-extras --group mutate -c requirements/dev.txt -o requirements/mutate.txt
	@$(lock) pyproject.toml -c requirements/dev.txt -o requirements/runtime.txt
	@$(lock) pyproject.toml --extra postgresql -c requirements/dev.txt -o requirements/postgresql.txt
	@$(lock) --group audit -o requirements/audit.txt
	@printf 'hatchling\neditables\n' | $(lock) - --no-annotate -c requirements/dev.txt -o requirements/build.txt

clean: ## remove what was built, .venv included
	@rm -rf .venv .venv-audit build dist htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis mutants
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

.venv/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed; '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1 | head -n 1)." >&2; \
		echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; \
		echo "'$(PYTHON) -m venv' failed. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@printf '%s' '$(CURDIR)' > .venv/where
	@touch $@

.venv/runtime: .venv/python requirements/runtime.txt requirements/build.txt pyproject.toml
	@echo 'Setting up .venv (once)'
	@$(from_lock) -r requirements/runtime.txt -r requirements/build.txt
	@$(pip) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/python requirements/dev.txt pyproject.toml
	@echo 'Setting up .venv for development (once, about half a minute)'
	@$(from_lock) -r requirements/dev.txt
	@$(pip) install --no-deps --no-build-isolation -e .
	@touch $@ .venv/runtime

.venv-audit/ready: .venv/python requirements/audit.txt
	@echo 'Setting up .venv-audit (once)'
	@rm -rf .venv-audit
	@"$(PYTHON)" -m venv .venv-audit
	@.venv-audit/bin/python -m pip --disable-pip-version-check --no-input --quiet install --require-hashes --only-binary :all: -r requirements/audit.txt
	@touch $@

.venv/mutate: .venv/dev requirements/mutate.txt
	@$(from_lock) -r requirements/mutate.txt
	@touch $@
