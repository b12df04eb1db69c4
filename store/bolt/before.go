package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// keptBefore is how many databases from before a change of the schema stay.
const keptBefore = 2

// keepBefore copies the database before its schema becomes the version's, as
// syndic.db.before-v2 for version 2, and removes such copies but for the newest
// two. A crash leaves the unchanged database and part of a copy, which the next
// start writes anew; where the copy has its name, the database is unchanged
// still, or is on its way by whole steps.
func (s *Store) keepBefore(version uint64) error {
	name := s.path + ".before-v" + strconv.FormatUint(version, 10)
	part := name + ".part"
	err := os.Remove(part)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil {
		err = s.Copy(context.Background(), part)
	}
	if err == nil {
		err = os.Rename(part, name)
	}
	if err == nil {
		err = SyncDir(filepath.Dir(name))
	}
	if err != nil {
		return fmt.Errorf("keep a copy of the database before its schema becomes version %d: %w", version, fault(name, err))
	}
	s.o.Log.Info().Str("component", "store").Str("file", name).Msg("the database before the change of its schema is kept")
	return s.dropBefore()
}

// beforeName is the end of a name that keepBefore gives.
var beforeName = regexp.MustCompile(`^\.before-v([0-9]{1,9})$`)

// dropBefore removes the oldest copies.
func (s *Store) dropBefore() error {
	dir, base := filepath.Split(s.path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return fmt.Errorf("look for old copies of the database: %w", err)
	}
	var versions []int
	for _, e := range entries {
		if len(e.Name()) <= len(base) || e.Name()[:len(base)] != base {
			continue
		}
		if m := beforeName.FindStringSubmatch(e.Name()[len(base):]); m != nil && e.Type().IsRegular() {
			v, _ := strconv.Atoi(m[1]) // digits
			versions = append(versions, v)
		}
	}
	slices.Sort(versions)
	for _, v := range versions[:max(0, len(versions)-keptBefore)] {
		if err := os.Remove(s.path + ".before-v" + strconv.Itoa(v)); err != nil {
			return fmt.Errorf("remove an old copy of the database: %w", err)
		}
	}
	return nil
}
