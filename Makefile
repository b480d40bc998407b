# `make run` and `make test` are all a newcomer needs; both set up .venv when it is missing or stale.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run demo test check torch slow bench lock clean

run: .venv/run.stamp  ## collect the configured channels, label, refresh, write the week's digest
	@$(BIN)/oresight run; code=$$?; \
	if [ $$code -eq 3 ]; then echo "No channel could be reached: here is the bundled sample instead."; $(BIN)/oresight demo; \
	elif [ $$code -eq 4 ]; then echo "Some channels did not deliver; the page says which."; \
	else exit $$code; fi

demo: .venv/run.stamp  ## the same pipeline over the bundled sample: no network, no keys
	@$(BIN)/oresight demo

test: .venv/dev.stamp  ## the whole test suite
	@$(BIN)/pytest -n auto --dist loadfile

check: .venv/dev.stamp  ## format, lint, types, import contracts, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/pytest -n auto --dist loadfile

torch: .venv/torch.stamp  ## what training, and models of other makers, need besides

slow: .venv/dev.stamp  ## the tests that take minutes
	@$(BIN)/pytest -m long

bench: .venv/run.stamp  ## every figure that the documents quote, but for benchmarks/serve_hour.py, which takes an hour
	@for script in $(filter-out benchmarks/serve_hour.py,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

# What is installed is pinned with hashes; pip itself first, since the pip of a bare Python 3.11 cannot read such a lock.
.venv/run.stamp: locks/pip.txt locks/build.txt locks/run.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; install it or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Setting up .venv (once, about a minute) ..."
	@$(PIP) install --require-hashes -r locks/pip.txt
	@$(PIP) install --require-hashes -r locks/build.txt -r locks/run.txt
	@PYTHONWARNINGS=ignore $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp locks/dev.txt
	@echo "Adding what the tests need ..."
	@$(PIP) install --require-hashes -r locks/dev.txt
	@touch $@

# The CPU wheel is not on PyPI; PyPI's own torch would bring gigabytes of CUDA.
.venv/torch.stamp: .venv/dev.stamp constraints.txt
	@echo "Adding torch and the train extra ..."
	@sed 's/\[[^]]*\]//' constraints.txt > .venv/constraints.txt  # pip takes no extras in a constraint
	@$(PIP) install --retries 1 --constraint .venv/constraints.txt --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0
	@PYTHONWARNINGS=ignore $(PIP) install --constraint .venv/constraints.txt --no-build-isolation --editable '.[train]'
	@touch $@

lock: .venv/run.stamp  ## resolve pyproject.toml anew into constraints.txt and locks/ (needs uv)
	@sh locks/lock.sh

clean:  ## remove the virtual environment; var/ stays
	@rm -rf .venv *.egg-info build
