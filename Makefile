# `make quickstart` shows what Assay does; `make test` proves that it works. Both install what is missing.
SWIFT ?= swift
ASSAY := .build/release/assay
VENV := .build/bench-venv
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: quickstart build test browser-test browser lint models bench dependencies clean

quickstart: build
	$(ASSAY) run evals/batches/quickstart.yaml

build: dependencies
	$(SWIFT) build -c release --product assay

# Numerics are 50 times slower without optimisation, so the tests are built for release too. The tests of the kernels try
# every instruction set in turn, for the whole process, so they have one of their own; and what a process holds is measured
# where the other tests do not allocate.
test: dependencies lint
	$(SWIFT) test -c release --filter CKernelsTests --filter HeldMemoryTests
	$(SWIFT) test -c release --skip-build --skip CKernelsTests --skip HeldMemoryTests

# The page of a report in a real browser. `make test` opens it too where there is one.
browser-test: dependencies browser
	ASSAY_BROWSER=required $(SWIFT) test -c release --filter BrowserTests

browser:
	@if [ "$$(uname)" = Linux ] && ! which chromium chromium-browser google-chrome 2>/dev/null | grep -q .; then \
	  echo "Installing chromium ..."; \
	  $(SUDO) apt-get update -q && $(SUDO) apt-get install -q -y --no-install-recommends chromium; \
	fi

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Benchmarks

# Released models for evals/batches/pretrained.yaml, from PyPI, into a folder that git ignores.
models:
	python3 evals/install-models.py models

# SQLite's headers are all that a Debian with Swift may lack; macOS brings them.
dependencies:
	@if [ "$$(uname)" = Linux ] && [ ! -e /usr/include/sqlite3.h ]; then \
	  echo "Installing libsqlite3-dev ..."; \
	  $(SUDO) apt-get update -q && $(SUDO) apt-get install -q -y --no-install-recommends libsqlite3-dev; \
	fi

# Our speed and PyTorch's, alternating in one run.
bench: dependencies $(VENV)/ready
	$(SWIFT) build -c release --product AssayBenchmarks
	.build/release/AssayBenchmarks --python $(VENV)/bin/python --check
	.build/release/AssayBenchmarks --python $(VENV)/bin/python

$(VENV)/ready:
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q numpy
	$(VENV)/bin/pip install -q torch==2.13.0+cpu || $(VENV)/bin/pip install -q torch==2.13.0
	$(VENV)/bin/pip install -q transformers==5.23.0 gguf accelerate
	touch $@

clean:
	rm -rf .build
