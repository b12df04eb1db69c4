package bolt

import (
	"context"
	"fmt"
	"runtime/debug"

	"syndic/store"
)

// maxProblems is how many problems Check lists before it gives up: more say
// nothing new.
const maxProblems = 100

// Check looks at every page and every index, in both directions, and lists
// what is wrong, nothing when all is well. Writers wait while it looks at the
// pages. A file whose length is right cannot crash it, whatever it holds.
func (s *Store) Check(ctx context.Context) []string {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	// bbolt's own check runs in a goroutine of its own, where a fault would end
	// the process: it comes after a walk that has touched every page.
	if problems := s.check(ctx, (*checker).walk); len(problems) > 0 {
		return problems
	}
	if problems := s.checkPages(); len(problems) > 0 {
		return problems
	}
	return s.check(ctx, (*checker).rows)
}

// check runs one part of the check in a View.
func (s *Store) check(ctx context.Context, part func(*checker)) []string {
	var c *checker
	err := s.View(ctx, func(r store.Reader) error {
		c = &checker{r: r.(*reader), ctx: ctx}
		part(c)
		return ctx.Err()
	})
	if err == nil {
		return c.problems
	}
	if c == nil {
		return []string{err.Error()}
	}
	return append(c.problems, err.Error())
}

// checkPages runs bbolt's check: reachability, order and the free list. It
// wants that nobody writes.
func (s *Store) checkPages() (problems []string) {
	btx, err := s.begin(!s.o.readOnly)
	if err != nil {
		return []string{err.Error()}
	}
	for err := range btx.Check() {
		if len(problems) < maxProblems {
			problems = append(problems, err.Error())
		}
	}
	if err := s.rollback(btx); err != nil {
		problems = append(problems, err.Error())
	}
	return problems
}

// checker collects what is wrong in one snapshot.
type checker struct {
	r        *reader
	ctx      context.Context //nolint:containedctx // of the one call of Check
	problems []string
}

func (c *checker) say(format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, fmt.Sprintf(format, args...))
	}
}

// each calls fn for each row of a bucket until there is enough to say.
func (c *checker) each(b bucket, fn func(k, v []byte)) {
	for k, v := range c.r.rows(b, nil, nil) {
		if c.ctx.Err() != nil || len(c.problems) >= maxProblems {
			return
		}
		fn(k, v)
	}
}

// walk touches every page by touching every row.
func (c *checker) walk() {
	sum := 0
	for b := range bucketCount {
		c.each(b, func(k, v []byte) {
			for i := 0; i < len(v); i += 512 {
				sum += int(v[i])
			}
		})
	}
}

// rows checks the meaning of the rows.
func (c *checker) rows() {
	c.categories()
	c.posts()
	c.timelines()
	c.marks()
	c.artifacts()
	c.deliveries()
	c.logs()
}

// numbers checks that every row of an index names a row that is there.
func (c *checker) numbers(index, of bucket) {
	c.each(index, func(k, v []byte) {
		if len(v) != 8 || !c.r.has(of, v) {
			c.say("%s %q names number %d, which %s does not have", index, k, number(v), of)
		}
	})
}
