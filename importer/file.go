package importer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files lists the documents at path: itself if it is a file, whatever it is
// called, else every *.md and *.markdown below it, in the order of their
// paths. Names that begin with a dot are left out, as are folders of them.
func Files(path string) ([]string, error) {
	return walk(path, func(string) error { return nil }, isDocument)
}

// Look is Files, and calls enter with each folder before it looks into it, so
// that a watch that begins there misses nothing. Where enter answers SkipDir it
// does not look; after another error the files up to there are returned, too.
// It lists links wherever they lead, even nowhere: that may change.
func Look(path string, enter func(folder string) error) ([]string, error) {
	return walk(path, enter, func(p string, d fs.DirEntry) bool {
		return Named(p) && (d.Type().IsRegular() || d.Type()&fs.ModeSymlink != 0)
	})
}

func walk(path string, enter func(folder string) error, takes func(string, fs.DirEntry) bool) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("look for posts: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var out []string
	// With the slash, a link to a folder is walked too.
	root := filepath.Clean(path) + string(filepath.Separator)
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && p != root && errors.Is(err, fs.ErrNotExist): // it went away meanwhile
		case err != nil:
			return err
		case p != root && Hidden(p):
			if d.IsDir() {
				return filepath.SkipDir
			}
		case d.IsDir():
			err := enter(filepath.Clean(p))
			if p != root && errors.Is(err, fs.ErrNotExist) { // likewise
				return fs.SkipDir
			}
			return err
		case takes(p, d):
			out = append(out, p)
		}
		return nil
	})
	slices.Sort(out)
	if err != nil {
		return out, fmt.Errorf("look for posts: %w", err)
	}
	return out, nil
}

// Hidden tells whether Files leaves out what has that path, and all below it.
func Hidden(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") }

// Takes tells whether Files would list a file that it found in a folder.
func Takes(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && isDocument(path, fs.FileInfoToDirEntry(info))
}

// Named tells whether Files would list a file of that name in a folder.
func Named(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".md", ".markdown":
		return !Hidden(path)
	}
	return false
}

func isDocument(path string, d fs.DirEntry) bool {
	if !Named(path) {
		return false
	}
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
