# SPDX-License-Identifier: Apache-2.0
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
# Nothing loads the program as a library, so it exports no symbols, and its relocations are packed where the C library
# reads that (glibc from 2.36 on): 6 MiB less of resident memory in every process. The functions that common runs call lie
# side by side (scripts/order-functions): another 6 to 12 MiB.
PACKED := $(shell getconf GNU_LIBC_VERSION 2>/dev/null | awk '{ split($$2, part, "."); if (part[1] * 1000 + part[2] >= 2036) print "-Xlinker -z -Xlinker pack-relative-relocs" }')
ORDER := .build/functions.order
RELEASE := SWIFT_DETERMINISTIC_HASHING=1 swift build -c release --product snug -Xswiftc -static-stdlib -Xswiftc -gnone \
  -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections -Xswiftc -use-ld=lld -Xlinker --no-export-dynamic \
  -Xlinker '--symbol-ordering-file=$(CURDIR)/$(ORDER)' -Xlinker --no-warn-symbol-ordering $(PACKED)

.PHONY: demo release order test page-test page-image run-image bench asan tsan fuzz campaign-fit campaign-upload campaign-daemon campaign-fleet campaign-clocks format lint \
	docs install install-service

demo: $(ORDER) ## Install what is missing, build all but the service, fit the samples under 70 kB
	scripts/install build
	$(RELEASE) --disable-default-traits --traits GIF,HEIF,JPEGXL,Postgres,TIFF,WebP
	.build/release/snug fit samples -o demo-out $$(grep -v '^\#' samples/options.conf) --overwrite --no-recursive
	@ls -l demo-out

release: $(ORDER) ## Build the command with everything, .build/release/snug
	$(RELEASE)

$(ORDER): scripts/functions.order.gz
	mkdir -p $(@D)
	gzip -dc $< > $@

test: ## Install what is missing, build, run every test
	scripts/install test
	scripts/test

page-test: ## The page of snug serve in headless Chromium, and its scripts without a browser
	scripts/install page
	swift build --product snug
	Tests/page/run

run-image: $(ORDER) ## Draw docs/run.svg, the run in the README
	$(RELEASE)
	scripts/draw-run .build/release/snug

order: release ## Find anew which functions common runs call; needs valgrind
	scripts/order-functions .build/release/snug

page-image: page-test ## Draw docs/page.png, the page in the README
	cd Tests/page && PYTHONDONTWRITEBYTECODE=1 ../../.build/page-environment/bin/python screenshot.py

bench: $(ORDER) ## Time snug against its peers on the same files; see Benchmarks/results
	scripts/install bench
	$(RELEASE)
	python3 Benchmarks/targets
	python3 Benchmarks/run
	python3 Benchmarks/daemon
	python3 Benchmarks/service
	python3 Benchmarks/upload
	swift build -c release --product snug-ledger-bench
	python3 Benchmarks/ledger
	python3 Benchmarks/fleet

asan: ## All tests under AddressSanitizer
	scripts/install test
	SNUG_SANITIZER=address scripts/test

tsan: ## All tests under ThreadSanitizer
	scripts/install test
	SNUG_SANITIZER=thread scripts/test

fuzz: ## Feed damaged images to the JPEG kernels, to the rows of PNG, to every reader of containers and to the whole fit, under sanitizers
	scripts/install test
	mkdir -p .build
	for program in jpeg-kernels jpeg-scans; do \
	  clang -O2 -g -fsanitize=address,undefined -fno-sanitize-recover=all -ICSupport/CJPEGKernels/include -ICSupport/CKernels/include \
	    Tests/Fuzzing/$$program.c CSupport/CJPEGKernels/*.c -ljpeg -lm -o .build/fuzz-$$program; \
	  ASAN_OPTIONS=detect_leaks=0 .build/fuzz-$$program $(or $(SECONDS_EACH),600) $(or $(SEED),1); \
	done
	clang -O2 -g -fsanitize=address,undefined -fno-sanitize-recover=all -ICSupport/CPNG/include -ICSupport/CKernels/include \
	  Tests/Fuzzing/png-rows.c CSupport/CPNG/*.c CSupport/CKernels/*.c -lpng -lz $$(pkg-config --silence-errors --libs libisal || true) -lm \
	  -o .build/fuzz-png-rows
	ASAN_OPTIONS=detect_leaks=0 .build/fuzz-png-rows $(or $(SECONDS_EACH),600) $(or $(SEED),1)
	SNUG_FUZZ_SECONDS=$(or $(SECONDS_EACH),600) SNUG_FUZZ_SEED=$(or $(SEED),1) ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build-address --filter FuzzTests

campaign-fit: ## Random images, limits and options through the properties that every fit has, FITS=… SEED=…
	scripts/install test
	swift build --build-tests -Xcc -O2
	SNUG_CAMPAIGN_FITS=$(or $(FITS),1000) SNUG_CAMPAIGN_SEED=$(or $(SEED),1) \
	  swift test --skip-build --filter '^SnugImageTests\.FitPropertyTests'

campaign-upload: ## A thousand uploads over lines with five thousand faults, and 200 kills within 512 MiB by each protocol
	scripts/install test
	swift build --build-tests
	SNUG_CAMPAIGN_UPLOADS=$(or $(UPLOADS),1400) SNUG_CAMPAIGN_LARGEST=67108864 SNUG_CAMPAIGN_SEED=$(or $(SEED),1) \
	  SNUG_CAMPAIGN_KILLS=$(or $(KILLS),200) SNUG_CAMPAIGN_KILL_SIZE=536870912 \
	  swift test --skip-build --filter '^SnugUploadTests\.(CampaignTests|KillTests)'

campaign-daemon: ## Daemons killed a thousand times at random moments and at every named point, KILLS=… SEED=…
	scripts/install test
	swift build --build-tests
	SNUG_CAMPAIGN_DAEMON_KILLS=$(or $(KILLS),1000) SNUG_CAMPAIGN_SEED=$(or $(SEED),1) \
	  swift test --skip-build --filter '^SnugPipelineTests\.DaemonKillTests'

campaign-fleet: ## Hosts and workers on one ledger, killed, paused and cut off, with faults of PostgreSQL and S3, FAULTS=… SEED=…
	scripts/install test
	swift build --build-tests
	SNUG_CAMPAIGN_FLEET=$(or $(FAULTS),100) SNUG_CAMPAIGN_SEED=$(or $(SEED),1) \
	  swift test --skip-build --filter '^snugTests\.FleetCampaignTests'

campaign-clocks: ## The stall clock in real time: a server that thinks for two minutes, a line that falls silent
	scripts/install test
	swift build --build-tests
	SNUG_CAMPAIGN_CLOCKS=1 swift test --skip-build --filter '^SnugHTTPTests\.RealTimeTests'

install: ## Put snug, its man page and its completions under PREFIX (default /usr/local)
	scripts/install build
	$(RELEASE)
	install -Dm755 .build/release/snug $(DESTDIR)$(or $(PREFIX),/usr/local)/bin/snug
	install -Dm644 man/snug.1 $(DESTDIR)$(or $(PREFIX),/usr/local)/share/man/man1/snug.1
	mkdir -p $(DESTDIR)$(or $(PREFIX),/usr/local)/share/bash-completion/completions
	.build/release/snug --generate-completion-script bash \
	  > $(DESTDIR)$(or $(PREFIX),/usr/local)/share/bash-completion/completions/snug
	mkdir -p $(DESTDIR)$(or $(PREFIX),/usr/local)/share/zsh/site-functions
	.build/release/snug --generate-completion-script zsh \
	  > $(DESTDIR)$(or $(PREFIX),/usr/local)/share/zsh/site-functions/_snug
	mkdir -p $(DESTDIR)$(or $(PREFIX),/usr/local)/share/fish/vendor_completions.d
	.build/release/snug --generate-completion-script fish \
	  > $(DESTDIR)$(or $(PREFIX),/usr/local)/share/fish/vendor_completions.d/snug.fish

install-service: install ## Install snug as a service of systemd that watches /srv/snug/inbox, with or without page and API
	mkdir -p $(DESTDIR)/etc/systemd/system
	for unit in snug snug-serve; do \
	  sed 's|@PREFIX@|$(or $(PREFIX),/usr/local)|' support/systemd/$$unit.service > $(DESTDIR)/etc/systemd/system/$$unit.service; \
	done
	test -e $(DESTDIR)/etc/snug/snug.yaml || install -Dm644 support/systemd/snug.yaml $(DESTDIR)/etc/snug/snug.yaml
	test -n "$(DESTDIR)" || getent passwd snug > /dev/null || useradd --system --home-dir /var/lib/snug --shell /usr/sbin/nologin snug
	mkdir -p $(DESTDIR)/srv/snug/inbox $(DESTDIR)/srv/snug/outbox
	test -n "$(DESTDIR)" || chown snug:snug /srv/snug /srv/snug/inbox /srv/snug/outbox
	@echo "Start it with: systemctl enable --now snug, or with page and API: systemctl enable --now snug-serve"

format: ## Format all Swift sources
	swift format --in-place --recursive Sources Tests samples/embed/Sources Package.swift

lint: ## Check the format of all Swift sources
	swift format lint --strict --recursive Sources Tests samples/embed/Sources Package.swift

docs: ## Build the libraries' documentation, warnings as errors, under .build/docs
	# It fails for the bundle of the tests, which documents nothing; a library without its graph is an error below.
	swift package dump-symbol-graph --minimum-access-level public > /dev/null || true
	rm -rf .build/docs
	for module in SnugImage SnugHTTP SnugUpload SnugGeneration SnugLedger SnugPipeline SnugServer SnugSimulator; do \
	  mkdir -p .build/docs/$$module; \
	  find -L .build -name "$$module.symbols.json" -not -path '*/docs/*' -exec cp {} .build/docs/$$module/ \; ; \
	  test -s .build/docs/$$module/$$module.symbols.json; \
	  docc convert $$(ls -d Sources/$$module/*.docc 2> /dev/null || true) --additional-symbol-graph-dir .build/docs/$$module --fallback-display-name $$module \
	    --fallback-bundle-identifier snug.$$module --warnings-as-errors --output-path .build/docs/$$module.doccarchive; \
	done
