# Two commands for a user (`make run`, `make test`) and three for a developer (`make lint`, `make bench`, `make clean`).
# Everything lives in .venv and target/; stamps in .venv/stamps say what is up to date.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
RUST := $(shell find crates -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock
PACKAGE := $(shell find python -name '*.py' -o -name '*.pyi') pyproject.toml

# Bridge and tools must agree on one interpreter, or the bridge is compiled twice.
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python

# `make docs` writes the real output below the code in README.md and docs/.
.PHONY: run test lint bench instructions peers build docs site wheel study coverage fuzz format test-rust lint-python lint-rust clean

run: build
	$(BIN)/lmm fit "Reaction ~ Days + (Days | Subject)" --data sleepstudy --report sleepstudy.html
	@echo
	@echo "The report is in $(CURDIR)/sleepstudy.html"

test: build
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: lint-python lint-rust

lint-python: build
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-rust: $(STAMPS)/tools
	cargo fmt --all --check
	cargo clippy --release --workspace --all-targets --locked -- -D warnings

# The bridge has no tests of its own: tests/engine/ tests it from Python, against the dense twin.
test-rust:
	cargo test --release --workspace --locked

docs: build
	$(BIN)/python -m tools.precision_table
	$(BIN)/python -m tests.architecture.documents

# The documentation as a site in site/, warnings as errors; open site/index.html, no server is needed.
site: build $(STAMPS)/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The site is in $(CURDIR)/site/index.html"

# The wheel for any Linux of the last ten years (zig links against an old glibc), tried in a bare environment.
WHEEL_TARGET ?= $(shell uname -m)-unknown-linux-gnu
wheel: $(STAMPS)/wheel
	rm -rf target/dist target/bare
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/maturin build --release --locked --zig --compatibility manylinux_2_17 --target $(WHEEL_TARGET) --out target/dist
	$(BIN)/maturin sdist --out target/dist
	$(PYTHON) -m venv target/bare
	target/bare/bin/python -m pip install --quiet "$$(echo target/dist/*.whl)[all]"
	env PATH=$(CURDIR)/target/bare/bin:/usr/bin:/bin target/bare/bin/python -I tools/smoke_test.py

# Some minutes: the search against ten starts of SciPy on the dense oracle, over hundreds of hard designs.
study: build
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tools.optimum_study

# Some minutes: how often bands cover and tests reject what is true, by simulation; writes docs/coverage.md.
coverage: build
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tools.coverage_study --write $(COVERAGE_ARGS)

# Formulas by chance, hostile pieces among them; FUZZ_ARGS="--count 1000000 --seed 7" runs for hours.
# Then saved fits that somebody has tampered with; CRAFTED_FILES="100000 7" is their number and the seed.
# Then values of wrong kinds in the place of every argument of every public function: half a minute.
fuzz: build
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tools.fuzz_formulas $(FUZZ_ARGS)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.model.crafted $(CRAFTED_FILES)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.arguments.fuzz

# BENCH_ARGS="--work sleepstudy --peer lme4" chooses; `make peers` installs what PyPI has of the others.
bench: build
	$(BIN)/python -m benchmarks $(BENCH_ARGS)
	$(BIN)/python -m benchmarks.inference --write
	$(BIN)/python -m benchmarks.means --write
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.smooths --write

# Where valgrind is installed: work that the engine's kernels do, against its bounds.
instructions: build
	$(BIN)/python -m benchmarks.instructions

peers: $(STAMPS)/tools
	$(PYTHON) -m venv $(VENV)/peers
	for package in mixedlm statsmodels gpboost; do \
	    $(VENV)/peers/bin/python -m pip install --quiet $$package || echo "$$package cannot be installed here"; \
	done

format: $(STAMPS)/tools
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	cargo fmt --all

build: $(STAMPS)/built

$(STAMPS)/tools: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 1; }
	@command -v cargo > /dev/null || \
	    { echo "cargo is needed to build the core; see https://rustup.rs"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group dev
	@mkdir -p $(STAMPS)
	@touch $@

$(STAMPS)/site $(STAMPS)/wheel: $(STAMPS)/tools
	$(BIN)/python -m pip install --quiet --group $(@F)
	@touch $@

$(STAMPS)/built: $(STAMPS)/tools $(RUST)
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --locked --extras all
	@touch $@

clean:
	rm -rf $(VENV) target site sleepstudy.html python/lmm/_core*.so
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find python tests -name __pycache__ -type d -prune -exec rm -rf {} +
