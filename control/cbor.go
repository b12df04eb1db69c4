package control

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/fxamacker/cbor/v2"
)

// cborType is the media type of requests that may be large, and of their
// answers: JSON takes fifteen times as long to read. The handler takes both for
// each request, and answers with what the client accepts.
const cborType = "application/cbor"

var cborEncoding, cborDecoding = cborModes()

// cborModes builds the codec. What it reads is bound as JSON is: no unknown
// fields, none twice, and text is UTF-8.
func cborModes() (cbor.UserBufferEncMode, cbor.DecMode) {
	enc, err := cbor.EncOptions{Time: cbor.TimeRFC3339NanoUTC}.UserBufferEncMode()
	if err != nil {
		panic(err)
	}
	dec, err := cbor.DecOptions{
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden,
		MaxArrayElements: 1 << 20,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
}

func decodeCBOR(data []byte, v any) error {
	if err := cborDecoding.Unmarshal(data, v); err != nil {
		return unreadable(err)
	}
	return nil
}

func unreadable(err error) error { return malformed("the request cannot be read: %v", err) }

func encodeCBOR(v any) ([]byte, error) {
	var b bytes.Buffer
	err := cborEncoding.MarshalToBuffer(v, &b)
	return b.Bytes(), err
}

// postBulk is post for requests that may be large: of about that many bytes.
func (c *Client) postBulk(ctx context.Context, path string, in any, size int, g gate, out any) error {
	body, ok := c.spare.Get().(*bytes.Buffer)
	if !ok {
		body = new(bytes.Buffer)
	}
	body.Reset()
	body.Grow(size)
	if err := cborEncoding.MarshalToBuffer(in, body); err != nil {
		return unencoded(err)
	}
	resp, err := c.send(ctx, http.MethodPost, path, cborType, body.Bytes(), g)
	if err != nil {
		return err // the request may still be on its way
	}
	c.spare.Put(body)
	if resp.Header.Get("Content-Type") != cborType {
		return c.answer(resp, out) // of a daemon that was started before it answered so
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil {
		err = cbor.Unmarshal(data, out) // passes over fields of a newer daemon
	}
	if err != nil {
		return c.failed(fmt.Errorf("read the answer: %w", err))
	}
	return nil
}
