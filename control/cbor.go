package control

import (
	"bytes"
	"context"
	"net/http"

	"github.com/fxamacker/cbor/v2"
)

// cborType is the media type of requests that may be large: JSON takes fifteen
// times as long to read. The handler takes both for each request.
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
		return malformed("the request cannot be read: %v", err)
	}
	return nil
}

// postBulk is post for requests that may be large: of about that many bytes.
func (c *Client) postBulk(ctx context.Context, path string, in any, size int, out any) error {
	var body bytes.Buffer
	body.Grow(size)
	if err := cborEncoding.MarshalToBuffer(in, &body); err != nil {
		return unencoded(err)
	}
	resp, err := c.send(ctx, http.MethodPost, path, cborType, body.Bytes())
	if err != nil {
		return err
	}
	return c.answer(resp, out)
}
