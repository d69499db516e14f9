# SPDX-License-Identifier: Apache-2.0
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
RELEASE := swift build -c release --product snug -Xswiftc -static-stdlib

.PHONY: demo test bench asan tsan fuzz format lint docs install

demo: ## Install what is missing, build, fit the samples under 300 kB
	scripts/install build
	$(RELEASE)
	.build/release/snug fit samples -o demo-out --limit 70kB --overwrite --no-recursive
	@ls -l demo-out

test: ## Install what is missing, build, run every test
	scripts/install test
	scripts/test

bench: ## Time snug against its peers on the same files; see Benchmarks/results
	scripts/install bench
	$(RELEASE)
	python3 Benchmarks/run

asan: ## All tests under AddressSanitizer
	scripts/install test
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build-asan

tsan: ## All tests under ThreadSanitizer
	scripts/install test
	swift test --sanitize=thread --scratch-path .build-tsan

fuzz: ## Feed damaged images to the whole fit for ten minutes under AddressSanitizer
	scripts/install test
	SNUG_FUZZ_SECONDS=600 ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build-asan --filter FuzzTests

install: ## Put snug, its man page and its completions under PREFIX (default /usr/local)
	scripts/install build
	$(RELEASE)
	install -Dm755 .build/release/snug $(DESTDIR)$(or $(PREFIX),/usr/local)/bin/snug
	install -Dm644 man/snug.1 $(DESTDIR)$(or $(PREFIX),/usr/local)/share/man/man1/snug.1
	mkdir -p $(DESTDIR)$(or $(PREFIX),/usr/local)/share/bash-completion/completions
	.build/release/snug --generate-completion-script bash \
	  > $(DESTDIR)$(or $(PREFIX),/usr/local)/share/bash-completion/completions/snug

format: ## Format all Swift sources
	swift format --in-place --recursive Sources Tests samples/embed/Sources Package.swift

lint: ## Check the format of all Swift sources
	swift format lint --strict --recursive Sources Tests samples/embed/Sources Package.swift

docs: ## Build the library's documentation, warnings as errors, under .build/docs
	swift package dump-symbol-graph --minimum-access-level public > /dev/null
	mkdir -p .build/docs
	docc convert --additional-symbol-graph-dir $$(dirname $$(find -L .build -name SnugImage.symbols.json | head -1)) \
	  --fallback-display-name SnugImage --fallback-bundle-identifier snug.SnugImage --warnings-as-errors \
	  --output-path .build/docs/SnugImage.doccarchive
