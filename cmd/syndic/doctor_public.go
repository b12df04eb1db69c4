package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"syndic/control"
	"syndic/feed"
)

const (
	sampled     = 20                  // categories whose feeds are fetched unless told otherwise
	visitors    = 6                   // feeds that are fetched at the same time
	worthwhile  = 1400                // bytes that are worth compressing: more than a packet
	certificate = 14 * 24 * time.Hour // that should be left of one
)

// visit is a look at one feed from the outside.
type visit struct {
	*doctor
	category string
	info     control.FeedInfo
	format   feed.Format
	fetcher  *fetcher
	got      *answer
	plain    []byte // of got
}

// lookAtPublic fetches feeds as readers do: all of them, or those of the site
// and of some categories.
func (d *doctor) lookAtPublic(ctx context.Context) error {
	if d.client == nil || !d.status.Daemon {
		return errSkipped
	}
	visits := d.visits()
	if len(visits) == 0 {
		return errSkipped
	}
	// When nobody answers at all, one look is enough.
	if !d.visit(ctx, visits[0]) {
		return nil
	}
	var g errgroup.Group
	g.SetLimit(visitors)
	for _, v := range visits[1:] {
		g.Go(func() error {
			if ctx.Err() == nil {
				d.visit(ctx, v)
			}
			return nil
		})
	}
	return g.Wait()
}

// visits lists the feeds to look at, the site's first: those that there are.
func (d *doctor) visits() (list []visit) {
	categories := slices.DeleteFunc(d.active(), func(c control.CategoryInfo) bool { return !published(c) })
	total := 0
	for _, c := range categories {
		total += len(c.Feeds)
	}
	for i, c := range categories {
		// As many as are wanted, spread evenly; the site's is number 0.
		if n := len(categories); !d.all && n > sampled && i*sampled/n == (i-1)*sampled/n && i > 0 {
			continue
		}
		for _, info := range c.Feeds {
			if f, err := feed.ParseFormat(info.Format); err == nil {
				list = append(list, visit{doctor: d, category: c.Slug, info: info, format: f})
			}
		}
	}
	if len(list) < total {
		d.report(note, "public", "feeds-sampled", "", fmt.Sprintf("%d of %d feeds were fetched", len(list), total), "`syndic doctor --all` fetches each")
	}
	return list
}

// visit looks at one feed; false when nobody answers there.
func (d *doctor) visit(ctx context.Context, v visit) (reached bool) {
	v.fetcher = d.fetcher(v.info.URL)
	defer v.fetcher.close()
	var err error
	if v.got, err = v.fetcher.get(ctx); err != nil {
		if ctx.Err() == nil {
			v.unreached(err)
		}
		return false
	}
	d.sampleClock(hostOf(v.got.url), v.got)
	v.certified()
	v.redirected()
	if v.answered() && v.same(ctx) {
		v.typed()
		v.revalidated(ctx)
		v.compressed(ctx)
	}
	return true
}

// fetcher asks for one address.
func (d *doctor) fetcher(address string) *fetcher {
	f := newFetcher(address)
	f.who = "doctor"
	return f
}

func (v *visit) find(l level, id, message, remedy string) {
	v.report(l, "public", id, v.info.URL, message, remedy)
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// unreached says why there was no answer.
func (v *visit) unreached(err error) {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var dns *net.DNSError
	remedy := "have the proxy, the firewall and the port lead to `listen`; if only this machine cannot reach its own address, look from another one"
	switch {
	case errors.As(err, &invalid):
		remedy = "renew the certificate"
	case errors.As(err, &unknown):
		remedy = "have the server send its whole chain, of an authority that readers know"
	case errors.As(err, &name):
		remedy = "get a certificate for " + hostOf(v.info.URL) + ", or correct site.url"
	case errors.As(err, &dns):
		remedy = "give the name an address in the DNS, or correct site.url"
	}
	v.find(broken, "unreachable", "cannot be reached: "+bare(err), remedy)
}

// certified looks how long the certificate is good for.
func (v *visit) certified() {
	if v.got.tls == nil || len(v.got.tls.PeerCertificates) == 0 {
		return
	}
	end := v.got.tls.PeerCertificates[0].NotAfter
	if left := time.Until(end); left < certificate {
		v.report(warning, "public", "certificate-ends", hostOf(v.got.url), fmt.Sprintf("its certificate ends on %s, in %d days", end.Format(time.DateOnly), int(left.Hours()/24)),
			"renew it, and look why that did not happen by itself")
	}
}

func (v *visit) redirected() {
	if len(v.fetcher.hops) > 0 {
		v.find(warning, "redirected", "redirects to "+v.got.url,
			"have the address itself answer, or set site.url to where feeds are: hubs and readers compare addresses")
	}
}

// answered tells whether the answer is a feed.
func (v *visit) answered() bool {
	media, _, _ := mime.ParseMediaType(v.got.header.Get("Content-Type"))
	body, err := v.got.decoded()
	v.plain = body
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 200)]))
	switch status := v.got.status; {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		v.find(broken, "refused", answers(status), "let everybody read feeds: no password, no challenge, no filter for robots")
	case status == http.StatusNotFound || status == http.StatusGone:
		v.find(broken, "not-found", answers(status), "have the proxy pass this path on as it is; site.url has to have the path below which syndic is mounted")
	case status == http.StatusTooManyRequests:
		v.find(warning, "limited", answers(status),
			"wait a while before you run this again: serve.rate_limit, or a filter in front, counts this machine as a reader that asks too often")
	case status >= 500:
		v.find(broken, "server-error", answers(status), "have the proxy find syndic at `listen`, and look at its log")
	case status != http.StatusOK:
		v.find(broken, "wrong-status", answers(status), "have the proxy pass syndic's answers on as they are")
	case media == "text/html" || bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")):
		v.find(broken, "html", "a page of HTML where a feed should be",
			"exempt feeds from whatever puts pages in front: a challenge, a login, a maintenance page, another site")
	case err != nil:
		v.find(broken, "wrong-encoding", "cannot be decoded: "+err.Error(), "have the proxy leave Content-Encoding alone")
	default:
		return true
	}
	return false
}

func answers(status int) string { return fmt.Sprintf("answers %d %s", status, http.StatusText(status)) }

// same compares the bytes with what was published. A publication meanwhile is
// no finding, so it looks twice.
func (v *visit) same(ctx context.Context) bool {
	for range 2 {
		want, _, err := v.client.Feed(ctx, v.category, v.info.Format)
		if err != nil || bytes.Equal(want, v.plain) {
			return err == nil
		}
		now, err := v.client.Category(ctx, v.category)
		if err != nil || topicDigest(now, v.info.Format) == v.info.Digest {
			break
		}
		v.info.Digest = topicDigest(now, v.info.Format)
		again, err := v.fetcher.get(ctx)
		if err != nil {
			return false
		}
		v.got = again
		v.plain, _ = again.decoded() // bytes that cannot be decoded differ
	}
	if ctx.Err() == nil {
		v.different()
	}
	return false
}

func topicDigest(c control.CategoryInfo, format string) string {
	for _, f := range c.Feeds {
		if f.Format == format {
			return f.Digest
		}
	}
	return ""
}

// different says what is served instead: an older copy, or something else.
func (v *visit) different() {
	modified, err := http.ParseTime(v.got.header.Get("Last-Modified"))
	_, notFeed := feed.Detect(v.plain, "")
	switch age, aged := v.age(); {
	case err == nil && modified.Before(v.info.Modified) && notFeed == nil:
		l, kept := warning, ""
		if aged {
			kept = fmt.Sprintf(", %d s old", age)
			if age <= v.maxAge() {
				l = note // as it was told
			}
		}
		v.find(l, "stale", "an older copy is served, of "+modified.UTC().Format(time.DateTime)+" UTC"+kept,
			"have the cache in front heed Cache-Control, or purge it; pings wait for it meanwhile")
	case notFeed != nil:
		v.find(broken, "not-a-feed", "serves something that is no feed", "have the proxy pass this path on to syndic")
	default:
		v.find(warning, "rewritten", "serves a feed that syndic did not make, or that was changed on the way",
			"turn off what rewrites answers (minifying, link tracking), or look for another program at this address")
	}
}

// age is what a cache says of its copy, in seconds.
func (v *visit) age() (seconds int, ok bool) {
	n, err := strconv.Atoi(v.got.header.Get("Age"))
	return n, err == nil
}

// maxAge is how long a cache may keep the copy, in seconds.
func (v *visit) maxAge() int {
	for part := range strings.SplitSeq(v.got.header.Get("Cache-Control"), ",") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(part), "max-age="); ok {
			n, _ := strconv.Atoi(value) // 0: not at all
			return n
		}
	}
	return 0
}

func (v *visit) typed() {
	media, _, _ := mime.ParseMediaType(v.got.header.Get("Content-Type"))
	if media != v.format.MediaType() {
		v.find(warning, "wrong-type", fmt.Sprintf("Content-Type is %q", v.got.header.Get("Content-Type")),
			"have the proxy leave Content-Type alone: it is "+v.format.MediaType())
	}
}

// revalidated asks as readers do who have the feed.
func (v *visit) revalidated(ctx context.Context) {
	tag, modified := v.got.header.Get("ETag"), v.got.header.Get("Last-Modified")
	if tag == "" {
		v.find(warning, "no-etag", "has lost its ETag on the way: each visit costs the whole feed", "have the proxy leave ETag alone, or make it weak at most")
	} else if a, err := v.fetcher.get(ctx, "If-None-Match", tag); err == nil && a.status != http.StatusNotModified {
		v.find(warning, "etag-ignored", fmt.Sprintf("%s to who has it already (If-None-Match): each visit costs the whole feed", answers(a.status)),
			"have the proxy pass If-None-Match on, and ETag back")
	}
	if modified == "" {
		v.find(warning, "no-last-modified", "has lost its Last-Modified on the way", "have the proxy leave Last-Modified alone")
	} else if a, err := v.fetcher.get(ctx, "If-Modified-Since", modified); err == nil && a.status != http.StatusNotModified {
		v.find(warning, "modified-ignored", fmt.Sprintf("%s to who has it already (If-Modified-Since): each visit costs the whole feed", answers(a.status)),
			"have the proxy pass If-Modified-Since on, and Last-Modified back")
	}
}

func (v *visit) compressed(ctx context.Context) {
	a, err := v.fetcher.get(ctx, "Accept-Encoding", "gzip, br, zstd")
	if err != nil || a.status != http.StatusOK {
		return // reported, or a matter of the moment
	}
	plain, err := a.decoded()
	switch {
	case err != nil:
		v.find(broken, "wrong-encoding", "cannot be decoded when asked for compressed: "+err.Error(), "have the proxy leave Content-Encoding and Vary alone")
	case !bytes.Equal(plain, v.plain):
		v.find(warning, "compressed-differs", "asked for compressed, it is another copy", "purge the cache in front, and have it heed Vary: Accept-Encoding")
	case a.encoding() == "" && len(plain) >= worthwhile:
		v.find(warning, "not-compressed", fmt.Sprintf("comes in its full %d bytes though compressed was asked for", len(plain)),
			"have the proxy pass Accept-Encoding on")
	}
}
