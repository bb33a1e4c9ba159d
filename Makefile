# The Python that makes .venv; empty: the first of python3, python3.13, 3.12, 3.11 that fits.
PYTHON ?=

.PHONY: help demo test lint environment clean

help:
	@echo "make demo         train, score and export a small model on made-up characters (minutes)"
	@echo "make test         run the tests"
	@echo "make lint         check style and format (ruff)"
	@echo "make environment  make .venv with the pinned package; the others do so by themselves"
	@echo "make clean        remove .venv and caches; runs/, report/ and savedmodels/ stay"
	@echo "PYTHON=...        the Python (>=3.11,<3.14) that makes .venv"

environment:
	@tools/environment.sh "$(PYTHON)"

demo: environment
	@.venv/bin/tfvma-demo

test: environment
	@.venv/bin/pytest -q --numprocesses logical --maxprocesses 4 --dist loadfile

lint: environment
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .

clean:
	rm -rf .venv build dist tfvma.egg-info .pytest_cache .ruff_cache
	find tfvma tests -name __pycache__ -type d -prune -exec rm -rf {} +
