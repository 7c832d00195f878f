# Everything runs in .venv, which the first target that needs it makes.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help install resnet50 lint format types test test-fast test-long test-oldest hw-test bench replay clean

help:
	@echo "make resnet50   compile ResNet-50 for the NPU and run it on the simulated one"
	@echo "make test       everything that CI runs: lint, types, tests"
	@echo "make install    set up .venv alone"
	@echo "make lint       ruff and basedpyright"
	@echo "make format     let ruff reformat the tree"
	@echo "make test-fast  the tests without lint"
	@echo "make test-long  long sweeps too"
	@echo "make hw-test    the hardware tests, and hw-report.json: on this machine's NPU, or a fake one"
	@echo "make replay     compare what is made with another commit's: make replay BASE=HEAD~1"
	@echo "make test-oldest the tests with the oldest dependencies that are allowed"
	@echo "make bench      benchmarks, printed as ratios"

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: Python 3.11 or newer is needed: install python3.11 or set PYTHON=" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "make: Python's venv module is missing: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check --quiet -c constraints.txt torch -e '.[torch,onnx,dev]'
	@touch $(STAMP)

resnet50: $(STAMP)
	$(BIN)/python examples/resnet50.py $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python --level error

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Files are dealt out to as many processes as there are processors.
test-fast: $(STAMP)
	$(BIN)/pytest -n auto --dist loadfile

test: lint test-fast

test-long: lint
	$(BIN)/pytest -n auto --dist loadfile -m '' --hypothesis-profile=long

# Another device: make hw-test DEVICE=sim, fake, xrt or hrx.
hw-test: $(STAMP)
	device=$${DEVICE:-$$($(BIN)/python -c 'from aie_conv.runtime.devices import default_device as d; print(d())')}; \
	  [ "$$device" = sim ] && [ -z "$$DEVICE" ] && device=fake; \
	  $(BIN)/pytest -q hw_tests --device=$$device --hw-report=hw-report.json

OLDEST := .venv-oldest

test-oldest:
	$(PYTHON) -m venv $(OLDEST)
	grep -v -i -E '^(ml_dtypes|numpy|onnx|xdsl)==' constraints.txt > $(OLDEST)/constraints.txt
	cat constraints-oldest.txt >> $(OLDEST)/constraints.txt
	$(OLDEST)/bin/pip install --disable-pip-version-check --quiet -c $(OLDEST)/constraints.txt \
	  torch -e '.[torch,onnx,dev]'
	$(OLDEST)/bin/pytest

bench: $(STAMP)
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/compile_time.py
	$(BIN)/python benchmarks/search.py
	$(BIN)/python benchmarks/cpu_route.py
	$(BIN)/python benchmarks/simulate.py
	$(BIN)/python benchmarks/routes.py
	$(BIN)/python benchmarks/operations.py
	$(BIN)/python benchmarks/figures.py

BASE ?= HEAD
replay: $(STAMP)
	$(BIN)/python benchmarks/replay.py --base $(BASE) $(ARGS)

clean:
	rm -rf $(VENV) $(OLDEST) .pytest_cache .ruff_cache .hypothesis
