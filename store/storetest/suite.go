package storetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"syndic/feed"
	"syndic/store"
)

// suiteCase is one promise of the contract.
type suiteCase struct {
	name string
	run  func(k *kit)
}

// Run proves that the backend behind open keeps the contract: each subtest on
// a store of its own, which is checked for consistency when it ends.
func Run(t *testing.T, open Open) {
	cases := slices.Concat(postCases, nameCases, categoryCases, timelineCases, markCases, publicationCases, fragmentCases,
		deliveryCases, historyCases, updateCases, waitCases, crashCases, modelCases)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(newKit(t, open)) })
	}
}

// kit is a subtest with its store.
type kit struct {
	*testing.T
	open Open
	path string
	s    store.Store
	ctx  context.Context
}

func newKit(t *testing.T, open Open) *kit {
	path := filepath.Join(t.TempDir(), "syndic.db")
	return &kit{T: t, open: open, path: path, s: openAt(t, open, path), ctx: t.Context()}
}

// failure is a panic of must, which update and view report as a failed test.
type failure struct{ text string }

// must returns v, or fails the subtest that it runs in.
func must[T any](v T, err error) T {
	if err != nil {
		panic(failure{where() + err.Error()})
	}
	return v
}

// done fails the subtest for an error.
func done(err error) {
	if err != nil {
		panic(failure{where() + err.Error()})
	}
}

// where is the line of the subtest that called must, done or same.
func where() string {
	_, file, line, _ := runtime.Caller(2)
	return fmt.Sprintf("%s:%d: ", filepath.Base(file), line)
}

func (k *kit) report() {
	switch p := recover().(type) {
	case nil:
	case failure:
		k.Helper()
		k.Fatal(p.text)
	default:
		panic(p)
	}
}

// same fails the subtest when two values differ.
func same[T any](what string, got, want T) {
	if !reflect.DeepEqual(got, want) {
		panic(failure{fmt.Sprintf("%s%s:\n got %+v\nwant %+v", where(), what, got, want)})
	}
}

// is fails the subtest when the error is another one.
func is(what string, err, want error) {
	if !errors.Is(err, want) {
		panic(failure{fmt.Sprintf("%s%s: got error %v, want %v", where(), what, err, want)})
	}
}

// refused fails the subtest when there is no error.
func refused(what string, err error) {
	if err == nil {
		panic(failure{where() + what + ": went through"})
	}
}

// update runs fn in an Update that must commit.
func (k *kit) update(fn func(tx store.Tx)) {
	k.Helper()
	defer k.report()
	done(k.s.Update(k.ctx, func(tx store.Tx) error {
		fn(tx)
		return nil
	}))
}

// undo runs fn in an Update that is undone.
func (k *kit) undo(fn func(tx store.Tx)) {
	k.Helper()
	defer k.report()
	err := k.s.Update(k.ctx, func(tx store.Tx) error {
		fn(tx)
		return ErrInjected
	})
	is("undone Update", err, ErrInjected)
}

func (k *kit) view(fn func(r store.Reader)) {
	k.Helper()
	defer k.report()
	done(k.s.View(k.ctx, func(r store.Reader) error {
		fn(r)
		return nil
	}))
}

// reopen closes the store and opens it again.
func (k *kit) reopen() {
	k.Helper()
	if err := k.s.Close(); err != nil {
		k.Fatalf("close store: %v", err)
	}
	s, err := k.open(k.path)
	if err != nil {
		k.Fatalf("open store again: %v", err)
	}
	k.s = s
	k.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			k.Errorf("close store: %v", err)
		}
	})
}

// category adds a category.
func (k *kit) category(title string) (c feed.Category) {
	k.Helper()
	k.update(func(tx store.Tx) { c = must(tx.PutCategory(Category(title))) })
	return c
}

// post adds Post(i) to the categories.
func (k *kit) post(i int, in ...feed.Category) (p feed.Post) {
	k.Helper()
	p = Post(i)
	for _, c := range in {
		p.Categories = append(p.Categories, c.ID)
	}
	return k.put(p)
}

func (k *kit) put(p feed.Post) feed.Post {
	k.Helper()
	k.update(func(tx store.Tx) { p = must(tx.PutPost(p, store.PutOptions{})) })
	return p
}

// edit changes a post as it is kept now.
func (k *kit) edit(num uint64, change func(p *feed.Post)) (p feed.Post) {
	k.Helper()
	k.update(func(tx store.Tx) {
		p = must(tx.Post(num))
		change(&p)
		p = must(tx.PutPost(p, store.PutOptions{}))
	})
	return p
}

// revise is an edit that readers see.
func revise(p *feed.Post) {
	p.Revision++
	p.Title += "!"
}

func (k *kit) publish(in ...feed.Category) {
	k.Helper()
	for _, c := range in {
		Publish(k.T, k.s, c.Num)
	}
}

// site is the site's own category.
func (k *kit) site() (c feed.Category) {
	k.Helper()
	k.view(func(r store.Reader) { c = must(r.Category(feed.SiteNum)) })
	return c
}

// timeline lists the numbers of the posts in the category's timeline.
func (k *kit) timeline(c feed.Category) (nums []uint64) {
	k.Helper()
	k.view(func(r store.Reader) { nums = numbers(must(r.Timeline(c.Num, store.Cursor{}, 100))) })
	return nums
}

func (k *kit) want(what string, got, want any) {
	k.Helper()
	if !reflect.DeepEqual(got, want) {
		k.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func numbers(posts []feed.Post) []uint64 {
	nums := []uint64{}
	for _, p := range posts {
		nums = append(nums, p.Num)
	}
	return nums
}

func at(minutes int) time.Time { return Day.Add(time.Duration(minutes) * time.Minute) }
