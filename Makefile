# One runner, few verbs. `make setup` once, then any of the others.
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: setup install test lint types format docs bench reference faults fuzz release audit clean

setup:            ## a virtual environment with everything a developer needs
	python3 -m venv $(VENV)
	$(MAKE) install

install:          ## again after adding a file: the editable install links files one by one
	$(BIN)/pip install -q -c constraints.txt -e ".[dev]"

test:             ## the unit tests, under three minutes on two cores
	$(BIN)/python -m pytest

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs:             ## the pages of docs/ and the schema for editors, written from the code
	$(BIN)/nnlab schema > configs/nnlab.schema.json
	$(BIN)/python docs/write_reference.py
	$(BIN)/python docs/write_commands.py
	$(BIN)/python docs/write_claims.py

bench:            ## speed against PyTorch, JAX and scikit-learn; BENCH="--cases short" for five minutes
	$(BIN)/pip install -q -c constraints.txt -e ".[bench]"
	$(BIN)/python benchmarks/run.py $(BENCH)

reference:        ## the committed results of specs and answers, trained again; REFERENCE="1.4a grid" for some
	$(BIN)/python benchmarks/reference.py $(REFERENCE)

faults:           ## what starts processes of its own: kills, clusters, browsers (the short forms)
	$(BIN)/python -m pytest -m machine --dist=loadfile --no-loadscope-reorder

SECONDS_OF_FUZZING ?= 60
fuzz:             ## every reader of what a user wrote, coverage-guided; findings go to .fuzz/findings
	$(BIN)/python -c "import atheris" 2>/dev/null || $(BIN)/pip install -q -c constraints.txt -e ".[fuzz]"
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS_OF_FUZZING) $(if $(CI),--seed 1)

release:          ## wheel and sdist, built and run in empty environments; PYTHONS="3.11 3.13" for some
	$(BIN)/python -m tests.release $(PYTHONS)

# --strict: a package that cannot be looked up is an error, not a line below "no vulnerabilities".
audit:            ## known vulnerabilities of the pinned dependencies (needs the network)
	$(BIN)/pip-audit --strict -r constraints.txt --no-deps --disable-pip

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
