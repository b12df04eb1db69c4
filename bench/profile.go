package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	"syndic/web"
)

// profiling is how long each kind of request is made.
const profiling = 5 * time.Second

// profile shows what serving consists of: a server as the binary has it, in
// this process, under wrk.
func (b *bench) profile(ctx context.Context) error {
	p, err := b.newPublisher(ctx, filepath.Join(b.dir, "profile.db"), size{servedPosts, 1})
	if err != nil {
		return err
	}
	defer p.close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h := web.NewHTTPServer(p.web.Public())
	go h.Serve(p.web.Listen(l, h, true)) //nolint:errcheck // it ends with Close
	defer h.Close()
	url := "http://" + l.Addr().String() + "/category-0/rss.xml"
	if err := p.web.WaitReady(ctx); err != nil {
		return err
	}
	for i, k := range kinds {
		progress("profiling %s", k.name)
		file := filepath.Join(b.dir, fmt.Sprintf("serving%d.prof", i))
		if err := k.profile(ctx, url, file); err != nil {
			return err
		}
		fmt.Fprintf(b.table.out, "\nServing %s\n", k.name)
		// The ten that cost most by themselves, and who makes the system calls.
		for _, args := range [][]string{{"-top", "-nodecount=10"}, {"-peek", "syscall.RawSyscall6$"}} {
			out, err := exec.CommandContext(ctx, "go", append(append([]string{"tool", "pprof"}, args...), file)...).Output()
			if err != nil {
				return fmt.Errorf("read a profile: %w", err)
			}
			_, nodes, _ := strings.Cut(string(out), " total\n")
			fmt.Fprintln(b.table.out, nodes)
		}
	}
	return nil
}

func (k kind) profile(ctx context.Context, url, file string) (err error) {
	args, err := k.arguments(ctx, server{url: url})
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	_, err = runWrk(ctx, 64, profiling, append(args, url)...)
	return err
}
