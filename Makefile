# What a stranger needs is `make run` and `make test`; the rest is for people
# who change syndic. Everything here works on a fresh machine with Go >= 1.26.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
RUN     := .run
# The soak's seed; a failure prints the one to give again.
SEED    ?= 1
KILLS   ?= 200
# The race detector also checks unsafe pointers, and ends the process where
# bbolt reads a damaged page; the tests that damage files want its error.
RACE    := -race -gcflags=go.etcd.io/bbolt=-d=checkptr=0

.PHONY: build package run test soak fuzz bench tools vet clean

build: ## the binary, as bin/syndic
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/syndic ./cmd/syndic

package: ## a Debian package and an archive, in dist/
	@deploy/package dist

run: build ## load the example posts and serve them on 127.0.0.1:8080
	@mkdir -p $(RUN)
	@bin/syndic --data $(RUN) post add examples
	@bin/syndic --data $(RUN) --republish
	@echo
	@echo 'Open these; Ctrl-C stops the daemon, and its data stays in $(RUN)/:'
	@echo '  http://127.0.0.1:8080/                    the site'
	@echo '  http://127.0.0.1:8080/design/             a category, to read'
	@echo '  http://127.0.0.1:8080/design/rss.xml      its feeds: RSS 2.0,'
	@echo '  http://127.0.0.1:8080/design/atom.xml     Atom 1.0,'
	@echo '  http://127.0.0.1:8080/design/feed.json    JSON Feed 1.1'
	@echo '  http://127.0.0.1:8081/                    the dashboard'
	@echo
	@exec bin/syndic --data $(RUN) serve

test: tools vet ## everything, with the race detector: under 20 minutes on two cores
	go test $(RACE) -timeout 19m ./...

soak: tools ## the long form of the same tests
	SYNDIC_SOAK=$(KILLS) SYNDIC_SEED=$(SEED) go test $(RACE) -count=1 -timeout 3h -v -run 'Soak|Kill' ./cmd/syndic

fuzz: ## each fuzz test for a minute
	@sh .ci/fuzz 60s

bench: ## the figures, as ratios against a named reference
	@sh bench/run

vet:
	@out=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "gofmt these: $$out"; exit 1; }
	go vet ./...

tools: ## what the tests call: validators, feed readers, promtool, mandoc, a small Debian
	@sh .ci/tools

clean:
	rm -rf bin dist $(RUN)
