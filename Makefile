# make help lists the targets.

CARGO ?= cargo
# Options of the demo: see "Global options" in packages/README.md.
TOOLCHAIN ?= host
SOURCES ?= debian
PROFILE ?= demo
# A long build with two after it, two chains of two, and five short ones: a few minutes on two processors.
SET = acl attr byacc bzip2 file less lua mawk ncurses pcre2 readline zlib

PTHBS = target/release/pthbs
GENPKG = target/release/genpkg

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

check: ## format, lints as errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --quiet --workspace --all-targets -- -D warnings

test: check ## format, lints as errors, all tests
	$(CARGO) test --workspace

test-store: ## the store under kills, failing calls, power cuts and collections: all of it, as root and as an ordinary user
	PTHBS_TORTURE=full $(CARGO) test --package pthbs --test torture -- --test-threads 2 --nocapture

golden: ## rewrite the golden copies of all scripts; git diff is the judgement
	PTHBS_GOLDEN=write $(CARGO) test --quiet --package pthbs --test e2e golden
	git --no-pager diff --stat -- tests/golden

build: ## the programs, optimised
	$(CARGO) build --release --quiet --workspace

demo: build ## zsh from template to switched profile, and run it
	$(GENPKG) render -o toolchain=$(TOOLCHAIN) -o sources=$(SOURCES)
	$(PTHBS) build zsh zsh-startup
	$(PTHBS) switch --profile $(PROFILE) zsh zsh-startup
	@TOOLCHAIN=$(TOOLCHAIN) tests/demo $(PTHBS) $(PROFILE)

bootstrap: build ## from the host's compiler to the toolchain of strict builds (bootstrap/README.md)
	$(GENPKG) render -o toolchain=musl-cross-make -o sources=$(SOURCES)
	$(PTHBS) build $$(sed -n 's/^[a-z-]*: //p' bootstrap/stages)

test-packages: build ## every package built strictly and tried out in an environment; PACKAGES="NAME.." for some
	$(GENPKG) render -o toolchain=musl-cross-make -o sources=$(SOURCES)
	tests/packages/run $(PTHBS) $(GENPKG) $(PACKAGES)

reproduce: build ## build all installs of the store again under other conditions; the set's score (NAMES=... for some)
	$(PTHBS) reproduce --vary $(or $(NAMES),--all)

bench: ## rendering, a build with nothing to do, trivial builds, starting a sandbox, merging an environment, each beside others
	$(CARGO) bench --quiet -p pthbs --bench render
	$(CARGO) bench --quiet -p pthbs --bench noop
	$(CARGO) bench --quiet -p pthbs --bench trivial
	$(CARGO) bench --quiet -p sandbox --bench sandbox_start
	$(CARGO) bench --quiet -p pthbs --bench environment
	$(CARGO) bench --quiet -p pthbs --bench store
	$(CARGO) bench --quiet -p pthbs --bench sources

bench-set: build ## wall time of a real set beside the least it could be; NAMES="NAME.." for another one (sources at hand)
	$(GENPKG) render -o toolchain=musl-cross-make -o sources=$(SOURCES)
	tests/benches/set $(PTHBS) $(or $(NAMES),$(SET))

install: build ## the programs into $(PREFIX)/bin (default /usr/local)
	install -d $(DESTDIR)$(or $(PREFIX),/usr/local)/bin
	install $(PTHBS) $(GENPKG) target/release/pthbs-sandbox $(DESTDIR)$(or $(PREFIX),/usr/local)/bin

.PHONY: help check test test-packages test-store golden build demo bootstrap reproduce bench bench-set install
