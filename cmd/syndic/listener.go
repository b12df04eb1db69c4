package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
)

// adminSocket is the name (FileDescriptorName=) of the sockets that are for
// admin.listen; all others are for listen.
const adminSocket = "admin"

// listeners are what the daemon answers on.
type listeners struct{ public, admin []net.Listener }

// bind opens the listeners that the configuration names. "fd" takes the sockets
// that systemd hands over (sd_listen_fds(3)); they stay open there, so that
// connections wait for the next daemon where this one ends.
func bind(c Config) (l listeners, err error) {
	handed, err := activation.ListenersWithNames()
	if err != nil {
		return l, fmt.Errorf("take the sockets from systemd: %w", err)
	}
	var given listeners
	for name, some := range handed {
		if name == adminSocket {
			given.admin = append(given.admin, some...)
		} else {
			given.public = append(given.public, some...)
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll(append(l.public, l.admin...)), closeAll(append(given.public, given.admin...)))
		}
	}()
	if l.public, err = listen("listen", c.Listen, &given.public); err != nil {
		return l, err
	}
	if c.Admin.Listen != "" {
		if l.admin, err = listen("admin.listen", c.Admin.Listen, &given.admin); err != nil {
			return l, err
		}
	}
	return l, unclaimed(given)
}

// listen binds the address of a configuration key, or claims the sockets that
// were handed over for it.
func listen(key, address string, given *[]net.Listener) ([]net.Listener, error) {
	if address == "fd" {
		claimed := *given
		if *given = nil; len(claimed) == 0 {
			return nil, fail(exitConfig, "%s: fd: systemd handed over no socket for it: start through a socket unit, or set %s to host:port", key, key)
		}
		return claimed, nil
	}
	if len(*given) > 0 {
		return nil, nil // unclaimed will say it
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

// unclaimed refuses sockets that no key takes: who connects to one would wait
// for ever.
func unclaimed(given listeners) error {
	for key, left := range map[string][]net.Listener{"listen": given.public, "admin.listen": given.admin} {
		if len(left) > 0 {
			return fail(exitConfig, "%s: systemd hands over the socket %s for it: set %s to fd, or disable the socket unit", key, left[0].Addr(), key)
		}
	}
	return nil
}

func closeAll(listeners []net.Listener) error {
	errs := make([]error, len(listeners))
	for i, l := range listeners {
		errs[i] = l.Close()
	}
	return errors.Join(errs...)
}
