package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
)

// listen binds the address of a configuration key. "fd" takes the sockets that
// systemd hands over.
func listen(key, address string) ([]net.Listener, error) {
	if address == "fd" {
		return inherited(key)
	}
	l, err := net.Listen("tcp", address)
	if err == nil {
		return []net.Listener{l}, nil
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %s is in use: stop what listens there, or set %s to another address", key, address, key)
	case errors.Is(err, fs.ErrPermission):
		return nil, fail(exitNotPermitted, "%s: not permitted to listen on %s: set %s to a port from 1024 on, or give the service CAP_NET_BIND_SERVICE", key, address, key)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%s: this machine has no address %s: set %s to one of its own", key, address, key)
	}
	return nil, fmt.Errorf("%s: listen on %s: %w", key, address, err)
}

func inherited(key string) ([]net.Listener, error) {
	all, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("%s: take the socket from systemd: %w", key, err)
	}
	var open []net.Listener
	for _, l := range all {
		if l != nil { // not a stream socket
			open = append(open, l)
		}
	}
	if len(open) == 0 {
		return nil, fmt.Errorf("%s: fd: systemd handed over no socket: start through a socket unit, or set %s to host:port", key, key)
	}
	return open, nil
}
