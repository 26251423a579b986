# One runner, few verbs. `make setup` once, then any of the others.
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: setup install test lint types format bench reference clean

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

bench:            ## speed against PyTorch, scikit-learn and the bare matrix products
	$(BIN)/pip install -q -c constraints.txt -e ".[bench]"
	$(BIN)/python benchmarks/throughput.py

reference:        ## the committed results of the shipped specs, trained again
	$(BIN)/python benchmarks/reference.py

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
