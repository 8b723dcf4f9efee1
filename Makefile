# Every target sets up what it needs; PYTHON may name another interpreter (3.11 or newer).
PYTHON ?= python3
BIN = .venv/bin

.PHONY: setup demo test test-all check clean

setup: .venv/ready

.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and "cifarx needs Python 3.11 or newer; this is %d.%d. Name one: make PYTHON=python3.12" % v[:2])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode -e '.[dev]'
	touch $@

demo: setup
	rm -rf demo
	$(BIN)/cifarx demo --out demo

test: setup
	$(BIN)/pytest -n 2 --dist loadfile -m 'not slow'

# With timm in the environment (CONTRIBUTING.md, 'Networks of others'), its networks are tested, too.
test-all: setup
	$(BIN)/pytest -n 2 --dist loadfile

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mh_lint matlab
	$(BIN)/mh_style matlab
	$(BIN)/python tests/support/matlab_syntax.py matlab

clean:
	rm -rf .venv demo .pytest_cache .mypy_cache .ruff_cache
