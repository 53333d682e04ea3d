# Étude's commands. Each installs what it needs and is missing (see
# scripts/install-deps), so a fresh clone needs Rust alone.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One build profile for all: what `make demo` compiled, `make test` reuses.
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
ETUDE      := $(TARGET_DIR)/debug/etude
TOOLS      := $(CURDIR)/target/tools/bin
BUF        := tools/node_modules/.bin/buf

# Tests that run at once. Each browser test drives a Chromium of its own, so
# more than one per core only makes them wait for each other.
TEST_THREADS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 4 ? n : 4)))
export RUST_TEST_THREADS = $(TEST_THREADS)

# Chromium's sandbox does not work as root; the option that turns it off is
# named in full because it gives up protection.
DEMO_ARGS ?= $(shell [ "$$(id -u)" -ne 0 ] || echo --browser-no-sandbox)

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
.PHONY: help

demo: ## Watch a test of the bundled shop pass in a real Chromium, over gRPC
	@scripts/install-deps browser
	cargo build --locked --package etude-server --bin etude
	$(ETUDE) demo $(DEMO_ARGS)
.PHONY: demo

test: ## Run the whole suite (TEST_THREADS=n bounds the parallel browsers)
	@scripts/install-deps test
	$(BUF) lint
	PATH="$(TOOLS):$$PATH" cargo test --locked --workspace
.PHONY: test

test-firefox: ## Run the example tests in Firefox
	@scripts/install-deps firefox
	cargo build --locked --package etude-server --bin etude
	PATH="$(TOOLS):$$PATH" ETUDE_BROWSER__KIND=firefox $(ETUDE) demo
.PHONY: test-firefox

# What is skipped is about a browser on this machine: downloads, and processes.
test-grid: ## Run the browser's tests of commands, targets and robustness through a Selenium Grid
	@scripts/install-deps grid
	cargo test --locked --package etude-browser --no-run
	scripts/with-grid ETUDE_TEST_WEBDRIVER_URL cargo test --locked --package etude-browser \
		--test commands --test targets --test robustness -- \
		--skip receives_files --skip a_missing_browser --skip a_killed_browser
.PHONY: test-grid

lint: ## Check formatting, clippy, the contract, licences and shell scripts
	@scripts/install-deps lint
	cargo fmt --all --check
	$(BUF) lint
	$(TOOLS)/cargo-deny --workspace --locked check bans licenses sources
	shellcheck scripts/install-deps scripts/fuzz scripts/with-grid .ci/run
	cargo clippy --locked --workspace --all-targets -- --deny warnings
.PHONY: lint

bench: ## Measure Étude beside Playwright, Selenium and bare tonic (SUITES="browser idle" picks)
	@scripts/install-deps bench
	cargo build --locked --release --package etude-server --package etude-bench
	$(TARGET_DIR)/release/etude-bench run --etude $(TARGET_DIR)/release/etude $(SUITES)
.PHONY: bench

bench-language: ## Measure the test language beside PyYAML (ETUDE_CORPUS=DIR adds a folder of tests)
	@scripts/install-deps python
	ETUDE_BENCH_PYTHON=$(CURDIR)/target/tools/python/bin/python3 \
		cargo bench --locked --package etude-language --bench language
.PHONY: bench-language

bench-platform: ## Measure the client of the platform, and how long a large test takes to get there
	cargo bench --locked --package etude-platform --bench client --bench deploy
.PHONY: bench-platform

fuzz: ## Fuzz the test language (FUZZ="document" picks, FUZZ_SECONDS=60 for each)
	@scripts/install-deps fuzz
	scripts/fuzz $(or $(FUZZ_SECONDS),60) $(FUZZ)
.PHONY: fuzz

audit: ## Check the dependencies for security advisories (needs github.com)
	@scripts/install-deps lint
	$(TOOLS)/cargo-deny --workspace --locked check advisories
.PHONY: audit
