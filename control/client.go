package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
)

// maxAnswer bounds what a client reads of one answer, in bytes.
const maxAnswer = 512 << 20

// bulkBuffer is how much of a large request is written at a time, in bytes, and
// of its answer read: the default makes 500 calls of a batch of posts.
const bulkBuffer = 64 << 10

// Client speaks to a handler: to the daemon's through its socket, or to one in
// this process. Its methods return *Error and may be called from several
// goroutines.
type Client struct {
	http  *http.Client
	where string    // the socket, for messages; empty in process
	spare sync.Pool // of buffers, for large requests
}

// Dial returns a client of the daemon behind a unix socket. It connects with
// the first call; nobody there is an *Error with the code "unavailable".
func Dial(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	return &Client{where: socket, http: &http.Client{Transport: &http.Transport{
		DialContext: dial, DisableCompression: true, WriteBufferSize: bulkBuffer, ReadBufferSize: bulkBuffer,
	}}}
}

// Local returns a client of a handler in this process, for a command that has
// the store open itself.
func Local(h http.Handler) *Client {
	return &Client{http: &http.Client{Transport: inProcess{h}}}
}

// Close gives up the connections that wait for another call.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Add adds or updates posts; large requests go in several parts. When a part
// fails, the results of those before it come along with the error.
func (c *Client) Add(ctx context.Context, r AddRequest) ([]AddResult, error) {
	return c.add(ctx, r, gate{})
}

// add passes the gate with the first part; the last one is the request's end.
func (c *Client) add(ctx context.Context, r AddRequest, g gate) ([]AddResult, error) {
	all := make([]AddResult, 0, len(r.Documents))
	for part := range parts(r) {
		at := gate{enter: g.enter}
		if g.enter = nil; len(all)+len(part.Documents) == len(r.Documents) {
			at.leave = g.leave
		}
		var res []AddResult
		if err := c.postBulk(ctx, "/posts", part, part.size(), at, &res); err != nil {
			return all, err
		}
		all = append(all, res...)
	}
	return all, nil
}

// Posts lists posts in the order in which they were added, page by page; an
// error ends the list.
func (c *Client) Posts(ctx context.Context, q PostQuery) iter.Seq2[PostInfo, error] {
	return func(yield func(PostInfo, error) bool) {
		for after := uint64(0); ; {
			var page PostPage
			err := c.get(ctx, "/posts", values("category", q.Category, "state", string(q.State), "after", strconv.FormatUint(after, 10)), &page)
			if err != nil {
				yield(PostInfo{}, err)
				return
			}
			for _, p := range page.Posts {
				if !yield(p, nil) {
					return
				}
			}
			if after = page.Next; after == 0 {
				return
			}
		}
	}
}

// Post shows one post, named by its ID, slug, or an unambiguous prefix of the
// ID, with its Document.
func (c *Client) Post(ctx context.Context, name string) (PostInfo, error) {
	var p PostInfo
	return p, c.get(ctx, "/post", values("name", name), &p)
}

// Act publishes, schedules, recalls, removes or edits one post.
func (c *Client) Act(ctx context.Context, a PostAction) (AddResult, error) {
	var res AddResult
	return res, c.post(ctx, "/post", a, &res)
}

// Remove removes every post of a category for good, and tells after each page
// how many have gone. It stops when told to.
func (c *Client) Remove(ctx context.Context, r RemoveRequest) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for removed := 0; ; {
			var page RemovePage
			err := c.post(ctx, "/posts/remove", r, &page)
			removed += page.Removed
			if !yield(removed, err) || err != nil || page.Next == 0 {
				return
			}
			r.After = page.Next
		}
	}
}

// Categories lists all, the site's own first, read page by page.
func (c *Client) Categories(ctx context.Context) ([]CategoryInfo, error) {
	list := []CategoryInfo{}
	for after := uint64(0); ; {
		var page CategoryPage
		if err := c.get(ctx, "/categories", values("after", strconv.FormatUint(after, 10)), &page); err != nil {
			return nil, err
		}
		list = append(list, page.Categories...)
		if after = page.Next; after == 0 {
			return list, nil
		}
	}
}

// Category shows one, named by its slug, its title, a former one of either or its id;
// the empty name is the site's own.
func (c *Client) Category(ctx context.Context, name string) (CategoryInfo, error) {
	var info CategoryInfo
	return info, c.get(ctx, "/category", values("name", name), &info)
}

// Retire ends a category: its feeds and its page answer 410.
func (c *Client) Retire(ctx context.Context, name string) (CategoryInfo, error) {
	var info CategoryInfo
	return info, c.post(ctx, "/category/retire", CategoryAction{Name: name}, &info)
}

// Rename gives a category a new title and the slug that follows from it.
func (c *Client) Rename(ctx context.Context, name, title string) (CategoryInfo, error) {
	var info CategoryInfo
	return info, c.post(ctx, "/category/rename", CategoryAction{Name: name, Title: title}, &info)
}

// Feed returns a feed's bytes as they are published, and their media type. The
// format is rss, atom or json.
func (c *Client) Feed(ctx context.Context, category, format string) ([]byte, string, error) {
	resp, err := c.do(ctx, http.MethodGet, "/feed?"+values("category", category, "format", format).Encode(), nil)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, "", c.failed(err)
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return nil, "", c.failed(fmt.Errorf("media type of the answer: %w", err))
	}
	return data, kind, nil
}

// Republish makes feeds again at once and, unless told not to, waits until they
// are served and each ping had its first outcome.
func (c *Client) Republish(ctx context.Context, r RepublishRequest) ([]FeedResult, error) {
	var res []FeedResult
	return res, c.post(ctx, "/republish", r, &res)
}

// Hubs sums up the outbox by hub.
func (c *Client) Hubs(ctx context.Context) ([]HubInfo, error) {
	var list []HubInfo
	return list, c.get(ctx, "/hubs", nil, &list)
}

// HubLog returns the newest lines of the hub log, newest first; a limit of 0
// leaves their number to the daemon.
func (c *Client) HubLog(ctx context.Context, limit int) ([]PingInfo, error) {
	var list []PingInfo
	return list, c.get(ctx, "/hubs/log", values("limit", strconv.Itoa(limit)), &list)
}

// Ping tells the category's hubs of its feeds although nothing changed.
func (c *Client) Ping(ctx context.Context, category string) ([]PingInfo, error) {
	var list []PingInfo
	return list, c.post(ctx, "/hubs/ping", CategoryAction{Name: category}, &list)
}

// Retry makes the failed and the retrying pings of one hub due now, or of all
// hubs when hub is empty.
func (c *Client) Retry(ctx context.Context, hub string) ([]PingInfo, error) {
	var list []PingInfo
	return list, c.post(ctx, "/hubs/retry", HubAction{Hub: hub}, &list)
}

// Schedules lists when each category is published next.
func (c *Client) Schedules(ctx context.Context) ([]ScheduleInfo, error) {
	var list []ScheduleInfo
	return list, c.get(ctx, "/schedules", nil, &list)
}

// Status is the daemon, or the store without one, at a glance.
func (c *Client) Status(ctx context.Context) (StatusInfo, error) {
	var s StatusInfo
	return s, c.get(ctx, "/status", nil, &s)
}

func (c *Client) get(ctx context.Context, path string, q url.Values, out any) error {
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return c.call(ctx, http.MethodGet, path, nil, out)
}

func (c *Client) post(ctx context.Context, path string, in, out any) error {
	body, err := encode(in)
	if err != nil {
		return unencoded(err)
	}
	return c.call(ctx, http.MethodPost, path, body, out)
}

func unencoded(err error) error {
	return &Error{Code: "invalid", Status: http.StatusBadRequest, Message: fmt.Sprintf("encode the request: %v", err), cause: err}
}

func (c *Client) call(ctx context.Context, method, path string, body []byte, out any) error {
	resp, err := c.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	return c.answer(resp, out)
}

// answer reads an answer that is JSON.
func (c *Client) answer(resp *http.Response, out any) error {
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out); err != nil {
		return c.failed(fmt.Errorf("read the answer: %w", err))
	}
	return nil
}

// encode leaves "<" and its like alone: half of a body may be HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// do returns the answer to a request that was granted; its body is open.
func (c *Client) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	if body == nil {
		return c.send(ctx, method, path, "", nil, gate{})
	}
	return c.send(ctx, method, path, "application/json", body, gate{})
}

func (c *Client) send(ctx context.Context, method, path, mediaType string, body []byte, g gate) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://syndic"+path, bytes.NewReader(body))
	if err != nil {
		return nil, c.failed(err)
	}
	g.guard(req, body)
	req.Header.Set(VersionHeader, APIVersion)
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
		req.Header.Set("Accept", mediaType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.failed(err)
	}
	if err := c.refusal(resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	g.left()
	return resp, nil
}

// refusal is what the answer says went wrong, or nil.
func (c *Client) refusal(resp *http.Response) error {
	if v := resp.Header.Get(VersionHeader); v != APIVersion {
		return c.otherVersion(v)
	}
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	var body struct {
		Error *Error `json:"error"`
	}
	err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&body)
	if err != nil || body.Error == nil {
		return &Error{Code: "internal", Status: resp.StatusCode, Message: fmt.Sprintf("the daemon answered %s without saying why", resp.Status)}
	}
	body.Error.Status = resp.StatusCode
	return body.Error
}

func (c *Client) otherVersion(v string) error {
	e := &Error{Code: "version", Status: http.StatusBadRequest}
	e.Message = fmt.Sprintf("the daemon at %s is of another version: restart it", c.where)
	if v == "" {
		e.Message = fmt.Sprintf("what answers at %s is not syndic: check --socket", c.where)
	}
	return e
}

// failed says in one line why a call got no answer.
func (c *Client) failed(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // drop the made-up URL
	}
	e := &Error{Code: "unavailable", Status: http.StatusServiceUnavailable, cause: err}
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		e.Code, e.Status, e.Message = "canceled", statusCanceled, "interrupted"
	case errors.Is(err, context.DeadlineExceeded):
		e.Code, e.Status, e.Message = "timeout", http.StatusGatewayTimeout, "the daemon did not answer in time: try again, or look at its log"
	case errors.Is(err, os.ErrPermission):
		e.Code, e.Status, e.Message = "permission", http.StatusForbidden, fmt.Sprintf("not permitted to use %s: run this as the daemon's user", c.where)
	case errors.As(err, &op) && op.Op == "dial":
		e.Message = fmt.Sprintf("no daemon answers at %s: start it with `syndic serve`", c.where)
	default:
		e.Message = fmt.Sprintf("the daemon broke off: %v: try again, or look at its log", err)
	}
	return e
}

// values builds a query from pairs, leaving out the empty.
func values(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}
