package control

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// documentsKey is how a large request begins, behind the head of its map.
const documentsKey = "\x69documents"

// longestStart is as much as there is before the first document, in bytes: the
// map's head, the key, and the head of a list.
const longestStart = 1 + len(documentsKey) + 3

// intakeBytes is how much of a large request is read at a time.
const intakeBytes = 128 << 10

// intake is a request to add posts on its way in. Its documents are decoded as
// they come, so that no more than a part of it is in memory, and hardly anything
// is left to decode when its last byte is there.
type intake struct {
	body  io.Reader
	come  *bytes.Buffer // and was not decoded yet
	whole bool          // nothing more comes
}

// decodeBulk reads and decodes a request; b is for its use. The result is that
// of decodeCBOR, to which it leaves what does not begin as this program writes it.
func decodeBulk(body io.Reader, b *bytes.Buffer, req *AddRequest) error {
	k := &intake{body: body, come: b}
	if err := k.read(longestStart); err != nil {
		return err
	}
	count, size := documentCount(b.Bytes())
	if size == 0 {
		if err := k.read(maxBody + 1); err != nil {
			return err
		}
		return decodeCBOR(b.Bytes(), req)
	}
	begin := bytes.Clone(b.Next(size)[:1+len(documentsKey)])
	documents, err := k.documents(count)
	if err == nil {
		err = k.read(maxBody + 1)
	}
	if err != nil {
		return err
	}
	// The other fields are read as if there were no documents.
	const none = 0x80 // a list
	err = decodeCBOR(slices.Concat(begin, []byte{none}, b.Bytes()), req)
	req.Documents = documents
	return err
}

// documentCount is how many documents a request has, and the size of all that
// stands before the first; 0 when it does not begin with them.
func documentCount(data []byte) (count, size int) {
	const head = 1 + len(documentsKey)
	if len(data) < longestStart || data[0] <= 0xa0 || data[0] > 0xb7 || string(data[1:head]) != documentsKey || data[head]>>5 != 4 {
		return 0, 0
	}
	switch n := int(data[head] & 31); {
	case n < 24:
		return n, head + 1
	case n == 24:
		return int(data[head+1]), head + 2
	case n == 25:
		return int(binary.BigEndian.Uint16(data[head+1:])), head + 3
	}
	return 0, 0
}

// documents decodes each as soon as it is there.
func (k *intake) documents(count int) ([]Document, error) {
	list := make([]Document, 0, min(count, partDocuments))
	for len(list) < count {
		data, next := k.come.Bytes(), len(list)
		list = append(list, Document{})
		rest, err := cborDecoding.UnmarshalFirst(data, &list[next])
		if cut := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF); cut && !k.whole {
			list = list[:next]
			// As much again, so that a long one is not looked through too often.
			if err := k.read(2*len(data) + 1); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, unreadable(err)
		}
		k.come.Next(len(data) - len(rest))
	}
	return list, nil
}

// read waits until so many bytes are there, or all.
func (k *intake) read(enough int) error {
	for k.come.Len() < enough && !k.whole {
		k.come.Grow(intakeBytes)
		room := k.come.AvailableBuffer()
		n, err := k.body.Read(room[:cap(room)])
		k.come.Write(room[:n])
		if k.whole = errors.Is(err, io.EOF); err != nil && !k.whole {
			return brokenOff(err)
		}
	}
	return nil
}
