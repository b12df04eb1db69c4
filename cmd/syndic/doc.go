// Command syndic is the daemon and the command line in one binary. It owns the
// configuration and all wiring: it is the only package that reads the
// environment and signals, names a store backend, or exits. It may import
// every other package, and none imports it.
package main
