package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// nginx serves files as well as it can: with its cache of open files, from
// bodies that were compressed before, on every core, and without a log.
type nginx struct {
	url string
	cmd *exec.Cmd
}

// nginxConf takes the directory, the number of workers, the user, the address
// and the headers.
const nginxConf = `
daemon off;
pid %[1]s/nginx.pid;
error_log stderr error;
worker_processes %[2]d;
worker_rlimit_nofile 10000;
%[3]s
events { worker_connections 4096; }
http {
  access_log off;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_timeout 120s;
  keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=10m;
  open_file_cache_valid 10m;
  open_file_cache_min_uses 1;
  etag on;
  gzip_static on;
  gzip_vary on;
  types { }
  default_type "application/rss+xml; charset=utf-8";
  client_body_temp_path %[1]s/temp;
  proxy_temp_path %[1]s/temp;
  fastcgi_temp_path %[1]s/temp;
  uwsgi_temp_path %[1]s/temp;
  scgi_temp_path %[1]s/temp;
  server {
    listen %[4]s reuseport backlog=4096;
    root %[1]s/root;
%[5]s  }
}
`

// ownHeaders are those that nginx writes by itself.
var ownHeaders = []string{"Content-Type", "Content-Encoding", "Content-Length", "Date", "Etag", "Last-Modified", "Vary"}

// newNginx serves a feed, of which both encodings are given, under a path and
// with all headers that it has elsewhere.
func (b *bench) newNginx(ctx context.Context, path string, plain, gzipped []byte, header http.Header) (*nginx, error) {
	dir := filepath.Join(b.dir, "nginx")
	file := filepath.Join(dir, "root", filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	if err := errors.Join(os.WriteFile(file, plain, 0o644), os.WriteFile(file+".gz", gzipped, 0o644)); err != nil {
		return nil, err
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // the directory is nobody else's
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nginxConf, dir, runtime.NumCPU(), user, addr, addHeaders(header))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	n := &nginx{url: "http://" + addr + "/" + path, cmd: exec.Command("nginx", "-p", dir, "-c", conf)}
	n.cmd.Env = []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin"}
	if n.cmd.Path, err = findNginx(); err != nil {
		return nil, err
	}
	n.cmd.Err = nil
	return n, n.start(ctx)
}

// findNginx also looks where Debian keeps servers, which not every PATH has.
func findNginx() (string, error) {
	if path, err := exec.LookPath("nginx"); err == nil {
		return path, nil
	}
	if path, err := exec.LookPath("/usr/sbin/nginx"); err == nil {
		return path, nil
	}
	return "", errors.New("there is no nginx: install the Debian package nginx-light")
}

func addHeaders(header http.Header) string {
	var b strings.Builder
	for name, values := range header {
		for _, v := range values {
			if !slices.Contains(ownHeaders, name) {
				fmt.Fprintf(&b, "    add_header %s '%s';\n", name, v)
			}
		}
	}
	return b.String()
}

// start returns when it answers.
func (n *nginx) start(ctx context.Context) error {
	var messages bytes.Buffer
	n.cmd.Stderr = &messages
	if err := n.cmd.Start(); err != nil {
		return err
	}
	limit := time.After(10 * time.Second)
	for {
		_, err := fetch(ctx, n.url, nil)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-limit:
			n.stop()
			return fmt.Errorf("nginx does not answer: %w\n%s", err, messages.Bytes())
		}
	}
}

func (n *nginx) stop() {
	// Its only files are in the scratch directory.
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	_ = n.cmd.Wait()
}
