# Two commands for a newcomer: `make demo` runs the app on example data, `make test` passes the tests.
# Needs Python >= 3.11 and make; uses uv when it is there.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

.PHONY: demo test prove bench bench-search check lint types format screenshots clean

demo: $(VENV)/.installed
	$(BIN)/spw-tui --demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto

# Long proofs: kills, many processes, fuzzing.
prove: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto -m prove

# Ratios against plain Python doing the same work, one line each: name value unit.
bench: $(VENV)/.installed
	$(BIN)/python -m compileall -q spw_core spw_tui
	$(BIN)/python -m tests.bench

# Quality of search over a retrieval collection: corpus.jsonl, queries.jsonl, qrels.tsv.
bench-search: $(VENV)/.installed
	$(BIN)/python -m tests.bench.bench_search "$(DATA)"

check: lint types

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: $(VENV)/.installed
	$(BIN)/python -m tests.make_screenshots

# Dependencies come as wheels only; nothing here needs a compiler.
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("spw needs Python 3.11 or newer, not " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
ifdef UV
	uv venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	uv pip install --quiet --compile-bytecode --python $(BIN)/python --only-binary :all: --no-binary spw -e '.[dev]'
else
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -e '.[dev]'
endif
	$(BIN)/python -m compileall -q spw_core spw_tui
	touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
