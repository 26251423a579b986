# One runner, few verbs. `make setup` once, then any of the others.
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: setup install test lint types format bench reference faults fuzz audit clean

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

bench:            ## speed against PyTorch, JAX and scikit-learn; BENCH="--cases short" for five minutes
	$(BIN)/pip install -q -c constraints.txt -e ".[bench]"
	$(BIN)/python benchmarks/run.py $(BENCH)

reference:        ## the committed results of the shipped specs, trained again
	$(BIN)/python benchmarks/reference.py

faults:           ## what starts processes of its own: kills, clusters, browsers (the short forms)
	$(BIN)/python -m pytest -m machine

SECONDS_OF_FUZZING ?= 60
fuzz:             ## every reader of what a user wrote, coverage-guided; findings go to .fuzz/findings
	$(BIN)/pip install -q -c constraints.txt -e ".[fuzz]"
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS_OF_FUZZING)

audit:            ## known vulnerabilities of the pinned dependencies
	$(BIN)/pip-audit -r constraints.txt --no-deps --disable-pip

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
