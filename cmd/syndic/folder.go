package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// folderMark is the file that says what of a folder an export wrote: its first
// line, and then a line for each file, of a digest and the name. Names that
// begin with a dot are no posts.
const (
	folderMark  = ".syndic-export"
	folderFirst = "syndic export 1"
	folderPart  = ".syndic-part"
)

// folder is where posts are exported to. It changes its own files alone: a file
// is its own while it has a content that an export wrote.
//
// Each file's line is added to the mark before the file gets its name, so that
// after a crash every file that is there is known; the next export goes on.
type folder struct {
	root *os.Root
	mark *os.File
	own  map[string][]string // by name, the digests that exports wrote
	now  map[string]string   // what this one writes

	written, unchanged, deleted int
	left                        []string // not its own
}

// openFolder makes the folder, or takes an empty one or an earlier export.
func openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make %s: %w", dir, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	f := &folder{root: root, own: map[string][]string{}, now: map[string]string{}}
	if err := f.claim(dir); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *folder) close() {
	if f.mark != nil {
		_ = f.mark.Close() // what counts was synced
	}
	_ = f.root.Close()
}

// claim reads the mark, or sets it where nothing but names with a dot is there.
func (f *folder) claim(dir string) error {
	if _, err := f.root.Lstat(folderMark); errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("look into %s: %w", dir, err)
		}
		if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !strings.HasPrefix(e.Name(), ".") }) {
			return fail(exitFailed, "%s is not empty, and no export of syndic: nothing was written; name a new directory, or an empty one", dir)
		}
	}
	mark, err := f.root.OpenFile(folderMark, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("mark %s as an export: %w", dir, err)
	}
	f.mark = mark
	if syscall.Flock(int(mark.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return fail(exitLocked, "another export writes to %s: wait for it to end", dir)
	}
	return f.readMark(dir)
}

func (f *folder) readMark(dir string) error {
	lines := bufio.NewScanner(f.mark)
	if !lines.Scan() {
		_, err := fmt.Fprintln(f.mark, folderFirst)
		return errors.Join(lines.Err(), err)
	}
	if lines.Text() != folderFirst {
		return fail(exitFailed, "%s in %s is not of an export that this program knows: nothing was written; name a new directory", folderMark, dir)
	}
	for lines.Scan() {
		if digest, name, ok := strings.Cut(lines.Text(), "  "); ok {
			f.own[name] = append(f.own[name], digest)
		}
	}
	return lines.Err()
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// wrote tells whether a file's content is an export's. A power cut leaves some
// files empty.
func (f *folder) wrote(name string, text []byte) bool {
	return len(text) == 0 || slices.Contains(f.own[name], digestOf(text))
}

// write makes a file what it is to be, unless it is that, or not the folder's
// own.
func (f *folder) write(name string, text []byte) error {
	digest := digestOf(text)
	f.now[name] = digest
	old, err := f.root.ReadFile(name)
	switch {
	case err == nil && bytes.Equal(old, text):
		f.unchanged++
		return nil
	case err == nil && !f.wrote(name, old):
		f.left = append(f.left, name)
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if _, err := fmt.Fprintf(f.mark, "%s  %s\n", digest, name); err != nil {
		return err
	}
	if err := f.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	if err := f.root.WriteFile(folderPart, text, 0o644); err != nil {
		return errors.Join(err, f.root.Remove(folderPart))
	}
	f.written++
	return f.root.Rename(folderPart, name)
}

// finish deletes the folder's own files that are not to be there any more, and
// writes the mark anew. All of it is on disk then.
func (f *folder) finish() error {
	for _, name := range slices.Sorted(maps.Keys(f.own)) {
		if _, stays := f.now[name]; stays {
			continue
		}
		old, err := f.root.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return err
		case !f.wrote(name, old):
			f.left = append(f.left, name)
			continue
		}
		if err := f.root.Remove(name); err != nil {
			return err
		}
		_ = f.root.Remove(path.Dir(name)) // unless something else is in it
		f.deleted++
	}
	if err := f.writeMark(); err != nil {
		return err
	}
	return syncAll(f.mark)
}

// writeMark sorts the mark and leaves out what does not count any more. A file
// that was left alone keeps the lines that it had.
func (f *folder) writeMark() error {
	var b bytes.Buffer
	fmt.Fprintln(&b, folderFirst)
	for _, name := range f.left {
		delete(f.now, name)
	}
	for _, name := range slices.Sorted(maps.Keys(f.now)) {
		fmt.Fprintf(&b, "%s  %s\n", f.now[name], name)
	}
	for _, name := range slices.Sorted(slices.Values(f.left)) {
		for _, digest := range f.own[name] {
			fmt.Fprintf(&b, "%s  %s\n", digest, name)
		}
	}
	old, err := f.root.ReadFile(folderMark)
	if err != nil || bytes.Equal(old, b.Bytes()) {
		return err
	}
	if err := f.root.WriteFile(folderPart, b.Bytes(), 0o644); err != nil {
		return err
	}
	return f.root.Rename(folderPart, folderMark)
}
