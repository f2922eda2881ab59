# The first two targets do everything on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check

.PHONY: demo test slow lint bench clean

demo: .venv/installed
	$(BIN)/plateaux demo --out demo

test: .venv/test
	$(BIN)/python -m pytest -n auto --dist loadfile

slow: .venv/test
	$(BIN)/python -m pytest -n auto --dist loadfile -m slow

lint: .venv/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports
	$(BIN)/codespell

bench: .venv/installed
	for one in benchmarks/bench_*.py; do echo "== $$one"; $(BIN)/python $$one || exit 1; done

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -U 'pip>=25.1'
	$(PIP) -c constraints.txt -e .
	@touch $@

.venv/test .venv/lint: .venv/installed
	$(PIP) -c constraints.txt --group $(@F)
	@touch $@

clean:
	rm -rf .venv build dist demo src/*.egg-info
