package bolt

import (
	"context"
	"fmt"
	"os"

	"go.etcd.io/bbolt"

	"syndic/store"
)

// Salvaged is what was found in a damaged database, and what became of it.
type Salvaged struct {
	Problems []string // of its pages
	Posts    int      // in the new file, tombstones included
	Lost     []string // posts and categories of which nothing could be read
	Held     []string // posts of which an earlier copy was found: drafts now
	Mended   []string // all else that was wrong, and was left out or made anew
}

// say notes a thing, up to a bound.
func say(list *[]string, format string, args ...any) {
	if len(*list) < maxProblems {
		*list = append(*list, fmt.Sprintf(format, args...))
	}
}

// salvageRows is how many rows one transaction of a salvage takes.
const salvageRows = 2000

// Salvage reads what can be read of the database at from into a new one at to,
// which must not be there yet, and makes everything anew that follows from the
// posts and the categories. What was published stays published, byte for byte,
// where its bytes are sound; every feed is due to be made again. It changes
// nothing at from, which nobody else may have open, and reads it plainly: no
// damage can end the process. What it leaves behind when it fails is its
// caller's to remove.
func Salvage(ctx context.Context, from, to string) (*Salvaged, error) {
	in, err := os.Open(from)
	if err != nil {
		return nil, fmt.Errorf("salvage: %w", fault(from, err))
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, fmt.Errorf("salvage: %w", err)
	}
	if err := create(to, Options{}); err != nil {
		return nil, fmt.Errorf("salvage: %w", fault(to, err))
	}
	s, err := load(to, to, Options{})
	if err != nil {
		return nil, fmt.Errorf("salvage: %w", fault(to, err))
	}
	s.db.NoSync = true
	v := &salvage{ctx: ctx, s: s, found: &Salvaged{}}
	v.p, err = readPages(in, info.Size(), func(format string, args ...any) { say(&v.found.Problems, format, args...) })
	if err != nil {
		v.p.say("%v", err)
	}
	err = v.run()
	if err == nil {
		err = s.db.Sync()
	}
	if closed := s.closeFile(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, fmt.Errorf("salvage: %w", fault(to, err))
	}
	return v.found, nil
}

// salvage is one on its way.
type salvage struct {
	ctx   context.Context //nolint:containedctx // of the one call of Salvage
	p     *pages
	s     *Store // the new one
	found *Salvaged
	batch []salvagedRow
}

// salvagedRow is a row for the new file.
type salvagedRow struct {
	in         bucket
	key, value []byte
	spare      bool // only where there is none yet
}

func (v *salvage) run() error {
	if err := v.reachable(); err != nil {
		return err
	}
	if len(v.found.Problems) > 0 {
		if err := v.adrift(); err != nil {
			return err
		}
	}
	return (&rebuild{salvage: v}).run()
}

// reachable copies the rows to which the directory still leads.
func (v *salvage) reachable() (err error) {
	places := v.p.buckets()
	for b := range bucketCount {
		at, there := places[b.String()]
		if !there {
			v.p.say("bucket %s is missing", b)
			continue
		}
		take := func(pg page) {
			for i := range int(pg.count) {
				key, value, isBucket := pg.row(i)
				switch {
				case err != nil || isBucket:
				case b == inMeta && string(key) == "version":
					err = v.version(number(value))
				default:
					err = v.take(salvagedRow{in: b, key: key, value: value})
				}
			}
		}
		if at.root != 0 {
			v.p.walk(b.String(), at.root, 0, true, take)
		} else if at.inline.data != nil {
			take(at.inline)
		}
		if err != nil {
			return err
		}
	}
	return v.flush()
}

// version refuses a file of another schema. A number that none ever had is
// damage itself.
func (v *salvage) version(n uint64) error {
	if newest := uint64(len(migrations)) + 1; n != newest && n > 0 && n < 1000 {
		return fmt.Errorf("%w: its schema has version %d, and this program repairs version %d: use the syndic that wrote it, or restore a backup", store.ErrNewer, n, newest)
	}
	return nil
}

// take notes a row for the new file.
func (v *salvage) take(r salvagedRow) error {
	if len(r.key) == 0 || len(r.key) > bbolt.MaxKeySize || len(r.value) > bbolt.MaxValueSize {
		return nil
	}
	v.batch = append(v.batch, r)
	if len(v.batch) < salvageRows {
		return nil
	}
	return v.flush()
}

func (v *salvage) flush() error {
	if err := v.ctx.Err(); err != nil {
		return err
	}
	err := v.s.change(func(btx *bbolt.Tx) error {
		for _, r := range v.batch {
			in := btx.Bucket([]byte(r.in.String()))
			if r.spare && in.Get(r.key) != nil {
				continue
			}
			if err := in.Put(r.key, r.value); err != nil {
				return err
			}
		}
		return nil
	})
	v.batch = v.batch[:0]
	return err
}
