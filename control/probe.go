package control

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"syndic/feed"
	"syndic/store"
)

// probeLimit is how many servers are waited for at a time.
const probeLimit = 4

// errSilent says that a server did not answer.
var errSilent = errors.New("its server did not answer in time")

// told is what a server said of a file.
type told struct {
	size      int64
	mediaType string
	err       error
}

// probe asks servers for what plan finds that the documents' attachments lack.
// It does so before the transaction that takes the documents in, which waits
// for nobody. The answers are by address; nil means that nobody is asked.
func (h *Handler) probe(ctx context.Context, req AddRequest, docs []Document, plan func(*adder) ([]lack, error)) (map[string]told, error) {
	if h.cfg.Probe == nil || req.NoProbe {
		return nil, nil
	}
	lacks := func(at feed.Attachment) bool { return missing(at) != "" }
	if !slices.ContainsFunc(docs, func(d Document) bool { return slices.ContainsFunc(d.Post.Attachments, lacks) }) {
		return map[string]told{}, nil
	}
	var found []lack
	// An Update that writes nothing: what is asked for is found by the rules
	// that the documents are added by.
	err := h.cfg.Store.Update(ctx, func(tx store.Tx) error {
		a, err := h.adder(tx, req, map[uint64]bool{})
		if err == nil {
			found, err = plan(a)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return inquire(ctx, h.cfg.Probe, found)
}

// inquire asks about each file once, a few at a time.
func inquire(ctx context.Context, probe probeFunc, lacks []lack) (map[string]told, error) {
	var addresses []string
	for _, l := range lacks {
		if l.address != "" {
			addresses = append(addresses, l.address)
		}
	}
	slices.Sort(addresses)
	q := inquiry{probe: probe, answers: map[string]told{}, silent: map[string]bool{}}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(probeLimit)
	for _, address := range slices.Compact(addresses) {
		group.Go(func() error { return q.ask(ctx, address) })
	}
	err := group.Wait()
	return q.answers, err
}

// probeFunc is what Config.Probe is.
type probeFunc = func(ctx context.Context, address string) (size int64, mediaType string, err error)

// inquiry gathers answers. A host that was silent once is asked nothing more:
// a dead one costs a folder of posts one timeout.
type inquiry struct {
	probe   probeFunc
	mu      sync.Mutex
	answers map[string]told
	silent  map[string]bool // by host
}

func (q *inquiry) ask(ctx context.Context, address string) error {
	host := address
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	t := told{err: errSilent}
	if !q.isSilent(host) {
		t.size, t.mediaType, t.err = q.probe(ctx, address)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if errors.Is(t.err, context.DeadlineExceeded) {
		t.err, q.silent[host] = errSilent, true
	}
	q.answers[address] = t
	return nil
}

func (q *inquiry) isSilent(host string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.silent[host]
}
