# Thin front of CMake and scripts/. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
OURO := build/release/ouro
CORPUS ?= build/data/corpus
SECONDS_EACH ?= 60

.PHONY: help run build check test e2e equality cases bench fuzz asan tsan coverage format lint docs data clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## install what is needed, build, scan examples/shop and show the verdict
	@set +e; echo '$$ ouro scan examples/shop'; $(OURO) scan examples/shop; code=$$?; \
	  echo; echo "ouro's exit code: $$code (0 clean, 1 blocked, 2 wrong use, 3 incomplete)"; \
	  if [ $$code -gt 1 ]; then exit $$code; fi

build: ## optimised program: build/release/ouro
	@scripts/install-dependencies build
	@cmake --preset release >/dev/null
	@ninja -j$(JOBS) -C build/release ouro

check: ## install, build, run every test, style and layer checks
	@scripts/install-dependencies check
	@cmake --preset release >/dev/null && ninja -j$(JOBS) -C build/release ouro
	@cmake --preset dev >/dev/null && ninja -j$(JOBS) -C build/dev
	@scripts/unpack-data
	@ctest --test-dir build/dev --output-on-failure --no-tests=error -j$(JOBS)

test: ## unit tests of the debug build only
	@scripts/install-dependencies check
	@cmake --preset dev >/dev/null && ninja -j$(JOBS) -C build/dev
	@ctest --test-dir build/dev --output-on-failure --no-tests=error -j$(JOBS) -L unit

e2e: build ## real API server and node in a sandbox, every scenario (tests/e2e/README.md)
	@scripts/install-dependencies e2e || echo 'e2e: packages are missing; the runner says which tool'
	@tests/e2e/run

equality: build ## five-way equality of every check over all real manifests (tests/equality)
	@scripts/install-dependencies e2e || echo 'equality: packages are missing; the runner says which tool'
	@scripts/unpack-data
	@tests/equality/run

cases: build ## agreement with the public suites (scripts/cases)
	@scripts/unpack-data
	@scripts/cases

data: ## unpack the real inputs into build/data
	@scripts/unpack-data

bench: build ## speed and memory against the bars (perf/README.md)
	@scripts/unpack-data
	@ninja -j$(JOBS) -C build/release read_bench cel_bench
	@perf/run $(CORPUS)

fuzz: ## every fuzz target for SECONDS_EACH=60 seconds under ASan and UBSan
	@scripts/install-dependencies fuzz
	@cmake --preset fuzz >/dev/null && ninja -j$(JOBS) -C build/fuzz fuzzers
	@scripts/fuzz $(SECONDS_EACH)

asan: ## unit tests under the address and undefined-behaviour sanitizers
	@scripts/install-dependencies check
	@cmake --preset asan >/dev/null && ninja -j$(JOBS) -C build/asan
	@ctest --test-dir build/asan --output-on-failure --no-tests=error -j$(JOBS) -L unit

tsan: ## unit tests under the thread sanitizer
	@scripts/install-dependencies check
	@cmake --preset tsan >/dev/null && ninja -j$(JOBS) -C build/tsan
	@ctest --test-dir build/tsan --output-on-failure --no-tests=error -j$(JOBS) -L unit

coverage: ## line coverage of the unit tests (needs gcovr)
	@cmake --preset coverage >/dev/null && ninja -j$(JOBS) -C build/coverage
	@ctest --test-dir build/coverage -L unit -j$(JOBS) >/dev/null
	@gcovr -r . --filter src/ --exclude '.*_test.cc' build/coverage | tail -n 40

format: ## clang-format all files in place
	@git ls-files -co --exclude-standard '*.cc' '*.h' | xargs clang-format-19 -i

lint: ## clang-tidy on the files that the change touches (BASE=HEAD~1)
	@scripts/lint $(BASE)

docs: build ## the man page: build/release/ouro.1
	@$(OURO) man > build/release/ouro.1 && echo build/release/ouro.1

clean: ## remove what was built (not build/data)
	@rm -rf build/dev build/release build/asan build/tsan build/fuzz build/coverage
