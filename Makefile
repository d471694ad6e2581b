# swerm: everything a developer runs. `make help` lists it.

GO      ?= go
TOOL     = $(GO) tool -modfile=tools/go.mod
REAL    ?= ../shared/real
VENV    ?= .venv
FUZZ    ?= 600s
# What `make emulate` runs: packages with machine code for wide registers, and a
# pattern of tests.
PKGS    ?= ./moe/kernel ./internal/blake3lanes ./internal/sha256lanes ./sources/jsonscan
RUN     ?=
# Packages whose work is concurrent: the race detector runs on these.
RACE     = ./pipeline/... ./sources/... ./labeler/... ./mixer ./contract ./moe/tokenizer ./trainer/... ./judge/... ./microgym/harness ./microgym/agent ./microgym
# The quickstart at a small size.
SMALL    = world.tasks=60 mix.total=200 train.steps=20 train.eval.every=10
export CGO_ENABLED ?= 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/swerm
	$(GO) build -trimpath -o bin/swerm ./cmd/swerm

.PHONY: test
test: ## all tests that need nothing but Go
	$(GO) test ./...

.PHONY: check
check: fmt vet lint test fresh fuzz-short race mpi debug quickstart real ## what CI runs (under 25 minutes on 2 cores from an empty cache)

.PHONY: fmt
fmt: ## fail if a file is not formatted
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "not formatted, run gofmt -w:"; echo "$$out"; exit 1; fi

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: lint
lint: ## staticcheck, pinned in tools/go.mod
	$(TOOL) staticcheck ./...

.PHONY: fresh
fresh: ## fail if committed machine code is not what its generators write
	$(GO) test -C tools/asmgen -count=1 ./... # the cache does not see files of another module

.PHONY: race
race: ## race detector on the concurrent packages (needs a C compiler)
	@if command -v $${CC:-cc} >/dev/null; then CGO_ENABLED=1 $(GO) test -race -short $(RACE); \
	else echo "race: no C compiler found; install gcc to run it"; fi

.PHONY: mpi
mpi: ## collectives and layouts of ranks under mpirun (needs Open MPI)
	@if command -v mpicc >/dev/null && command -v mpirun >/dev/null; then \
	  CGO_ENABLED=1 CC=mpicc $(GO) vet -tags mpi ./trainer/... && CGO_ENABLED=1 CC=mpicc $(GO) test -tags mpi -run MPI ./trainer/...; \
	else echo "mpi: mpicc or mpirun is absent; install libopenmpi-dev and openmpi-bin to run it"; fi

.PHONY: debug
debug: ## the whole path on generated data, in seconds
	rm -rf runs/debug
	$(GO) run ./cmd/swerm run configs/debug.yaml
	$(GO) run ./cmd/swerm run configs/debug.yaml

.PHONY: quickstart
quickstart: ## the quickstart at a small size: every stage, one page, no claim
	rm -rf runs/quickstart-small
	$(GO) run ./cmd/swerm run configs/quickstart.yaml out=runs/quickstart-small $(SMALL)
	$(GO) run ./cmd/swerm run configs/quickstart.yaml out=runs/quickstart-small $(SMALL)

.PHONY: real
real: ## the whole path on real trajectories with a short training, when REAL is there
	@if [ -d "$(REAL)/packed" ]; then set -e; \
	  rm -rf runs/real-check; \
	  SWERM_REAL=$(REAL) $(GO) run ./cmd/swerm run configs/real.yaml out=runs/real-check warmup.steps=2 train.steps=4; \
	else echo "real: $(REAL)/packed is absent; set REAL to the folder of real trajectories"; fi

.PHONY: soak
soak: ## kill and fault runs (an hour), then fuzzing: FUZZ for each decoder of files from strangers (hours)
	SWERM_SOAK=1 $(GO) test -timeout 90m ./...
	./tools/fuzz.sh $(FUZZ)

.PHONY: emulate
emulate: ## Go tests of PKGS that match RUN on an emulated processor with AVX-512 and AMX (see tools/emulate)
	$(GO) run -C tools ./emulate -run '$(RUN)' $(EMULATE) $(PKGS)

.PHONY: fuzz
fuzz: ## every fuzz target, FUZZ each for decoders, a minute for the rest
	./tools/fuzz.sh $(FUZZ)

.PHONY: fuzz-short
fuzz-short: ## ten seconds for each fuzz target of what reads logs and reports
	./tools/fuzz.sh 10s 10s labeler/testlog labeler/grade labeler/regrade

.PHONY: interop
interop: build $(VENV)/.done ## read what we write with PyPI's readers, open checkpoints in transformers
	./interop/run.sh $(VENV) bin/swerm

.PHONY: bench
bench: ## Go benchmarks of every hot path
	$(GO) test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-peers
bench-peers: build $(VENV)/.done ## ours and the peers' speed, side by side in one run
	REAL=$(REAL) ./interop/bench.sh $(VENV) bin/swerm

$(VENV)/.done: interop/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q -r interop/requirements.txt
	$(VENV)/bin/pip install -q --no-deps swebench==5.0.2
	touch $@

.PHONY: generate
generate: ## assembly, schemas and the other committed products of generators
	$(GO) generate ./...

.PHONY: clean
clean: ## remove what building and running left
	rm -rf bin runs $(VENV)
