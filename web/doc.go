// Package web is READ: what the public and the operator get over HTTP. It
// serves feeds from memory, pages from the store, and on a listener of its own
// health, metrics and the dashboard.
//
// It owns one immutable snapshot of everything that is served, which it swaps
// as a whole when the store says that something was published, and it writes
// nothing. It may import store and feed.
package web
