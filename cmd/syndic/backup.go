package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"syndic/control"
	"syndic/store/bolt"
)

// backedUp is what backup has to say.
type backedUp struct {
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE|-",
		Short: "Copy the database as it is now, while the daemon goes on",
		Long: `Copy the database as it is at this moment into a new file, or to standard
output for "-". The daemon goes on meanwhile, and the copy is whole or is not
there. "syndic restore FILE" puts it back.`,
		Example: `  syndic backup /srv/backup/syndic-monday.db
  syndic backup - | ssh elsewhere.example 'cat > syndic.db'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "" {
				return fail(exitUsage, "the file has no name: name a new one, or - for standard output")
			}
			if args[0] == "-" && terminal(a.out) {
				return fail(exitUsage, "a database is nothing for a terminal: name a file, or send the output elsewhere")
			}
			if args[0] != "-" {
				if err := vacant(args[0]); err != nil {
					return err
				}
			}
			return a.backup(cmd.Context(), args[0])
		},
	}
}

// vacant refuses a place where something is already.
func vacant(file string) error {
	switch info, err := os.Lstat(file); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at %s: %w", file, err)
	case info.IsDir():
		return fail(exitFailed, "%s is a directory: name a new file in it", file)
	}
	return fail(exitFailed, "%s is there already and is left alone: name a new file, or remove it first", file)
}

func (a *app) backup(ctx context.Context, file string) error {
	s, err := a.connect(ctx, reading)
	if err != nil {
		return err
	}
	defer s.close()
	snapshot, err := s.snapshot(ctx)
	if err != nil {
		return err
	}
	defer snapshot.Close()
	if s.store != nil {
		s.close() // a slow reader does not keep a daemon from starting
	}
	done := backedUp{File: file}
	sum := sha256.New()
	in := io.TeeReader(heedful{ctx, snapshot}, sum)
	if file == "-" {
		done.Bytes, err = io.Copy(a.out, in)
	} else {
		done.Bytes, err = writeNew(file, in, snapshot.Size)
	}
	if err != nil {
		return interrupted(ctx, fmt.Errorf("back up to %s: %w", file, err))
	}
	done.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if file == "-" {
		a.tell("backed up %s, SHA-256 %s", bytesText(done.Bytes), done.SHA256)
		return nil
	}
	return one(a.printer(), done, file, []field{{"file", file}, {"size", bytesText(done.Bytes)}, {"sha256", done.SHA256}})
}

// snapshot asks the daemon for one, or makes it of the store opened here.
func (s *session) snapshot(ctx context.Context) (control.Snapshot, error) {
	if s.store == nil {
		return s.client.Backup(ctx)
	}
	return openSnapshot(ctx, s.store)
}

// partPrefix begins the names of files beside the database that are being
// made. A crash leaves them, and the next start of the daemon clears them away.
const partPrefix = ".syndic-part-"

// openSnapshot copies the store as it is now into a file beside it, and opens
// that. It has no name any more by the time it is read: a crash while it is
// being sent leaves nothing, one while it is made a file that clearParts
// removes.
func openSnapshot(ctx context.Context, st *bolt.Store) (control.Snapshot, error) {
	path, err := partName(filepath.Dir(st.Path()))
	if err != nil {
		return control.Snapshot{}, err
	}
	if err := st.Spool(ctx, path); err != nil {
		return control.Snapshot{}, err
	}
	f, err := os.Open(path)
	if err = errors.Join(err, os.Remove(path)); err != nil {
		return control.Snapshot{}, fmt.Errorf("read the copy: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return control.Snapshot{}, errors.Join(fmt.Errorf("read the copy: %w", err), f.Close())
	}
	return control.Snapshot{ReadCloser: f, Size: info.Size()}, nil
}

// partName is the name of a file that is not there yet.
func partName(dir string) (string, error) {
	f, err := os.CreateTemp(dir, partPrefix+"*")
	if err != nil {
		return "", fmt.Errorf("make a file for the copy: %w", err)
	}
	return f.Name(), errors.Join(f.Close(), os.Remove(f.Name()))
}

// clearParts removes what a crash left of copies. It is called with the
// store's lock held, so that nobody is making one.
func clearParts(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, partPrefix+"*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// writeNew writes a file of its own, private, and gives it its name once it is
// whole and on disk. What is there by then stays. A crash leaves a file whose
// name begins with a dot, and nothing in its place.
func writeNew(file string, in io.Reader, size int64) (n int64, err error) {
	dir, base := filepath.Split(file)
	if dir == "" {
		dir = "."
	}
	if err := roomFor(dir, size); err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(dir, "."+base+".part-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // by now it has its own name
	n, err = io.Copy(f, in)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return n, err
	}
	// Unlike a rename, a link replaces nothing; some file systems have none.
	err = os.Link(f.Name(), file)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return n, err
	}
	return n, bolt.SyncDir(dir)
}

// heedful is a reader that ends with its context.
type heedful struct {
	ctx context.Context //nolint:containedctx // of the one transfer
	in  io.Reader
}

// Read fails once the context has ended.
func (h heedful) Read(b []byte) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, err
	}
	return h.in.Read(b)
}
