module syndic

go 1.26.0

require (
	github.com/agnivade/levenshtein v1.2.2 // the nearest name, for what was mistyped
	github.com/andybalholm/brotli v1.2.8 // the br encoding of feeds
	github.com/coreos/go-systemd/v22 v22.7.0 // readiness, watchdog and sockets of systemd
	github.com/fxamacker/cbor/v2 v2.10.0 // the store's records: compact, versioned, RFC 8949
	github.com/goccy/go-yaml v1.19.2 // YAML with a syntax tree, for errors with line and column
	github.com/gorilla/feeds v1.2.0 // fixed by the project: turns posts into entries
	github.com/klauspost/compress v1.20.3 // gzip at a third of the standard library's price, and zstd
	github.com/mattn/go-isatty v0.0.22 // console or JSON, colour or none
	github.com/microcosm-cc/bluemonday v1.0.27 // the filter of HTML that goes to readers
	github.com/mmcdole/gofeed v1.4.2 // tests: reads our feeds back
	github.com/prometheus/client_golang v1.25.0 // /metrics
	github.com/rivo/uniseg v0.4.7 // characters as people count them, for summaries and tables
	github.com/robfig/cron/v3 v3.0.1 // fixed by the project: cron specs
	github.com/rs/zerolog v1.35.1 // fixed by the project: the log
	github.com/spf13/cobra v1.10.2 // the command line, its help and completion
	github.com/schollz/progressbar/v3 v3.19.1 // how far a large `post add` is, on a terminal
	github.com/yuin/goldmark v1.8.7 // CommonMark with GFM tables and footnotes
	go.etcd.io/bbolt v1.5.0 // fixed by the project: the store's file
	golang.org/x/net v0.62.0 // the HTML parser, and host names beyond ASCII
	golang.org/x/sync v0.24.0 // the daemon's parts as one group
	golang.org/x/sys v0.49.0 // files in memory, for feeds that are asked for often
	golang.org/x/text v0.43.0 // normal forms, case folding, language tags, foreign encodings
	golang.org/x/tools v0.52.0 // tests: txtar archives
)

require (
	github.com/aymerick/douceur v0.2.0 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/gorilla/css v1.0.1 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/mmcdole/goxpp/v2 v2.0.0 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/spf13/pflag v1.0.10 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	golang.org/x/term v0.47.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)
