// Package web is READ: what the public and the operator get over HTTP. It
// serves feeds from memory, pages from the store, and on a listener of its own
// health, metrics and the dashboard.
//
// It owns one snapshot of what is served and where, which it brings up to the
// store when that says that something was published. At start it reads the
// headers of feeds alone; their bytes come into memory when somebody asks for
// them, within a bound. It writes nothing. It may import store and feed.
package web
