package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// The layout of bbolt's pages, in the byte order of the machine: a header of
// id (8), flags (2), count (2) and overflow (4), then the elements. A branch's
// are offset (4), key size (4) and child (8); a leaf's are flags (4), offset
// (4), key size (4) and value size (4); offsets count from the element.
const (
	headerSize   = 16
	elementSize  = 16
	branchFlag   = 0x01
	leafFlag     = 0x02
	metaFlag     = 0x04
	freeFlag     = 0x10
	bucketFlag   = 0x01 // of a leaf's element
	metaMagic    = 0xED0CDAED
	metaVersion  = 2
	metaLength   = 64
	maxDepth     = 64
	noFreelist   = 1<<64 - 1
	manyFree     = 0xFFFF // the count is the first number of the list
	smallestPage = 512
	largestPage  = 64 << 10
)

// pages reads a file of bbolt by plain reads and trusts nothing that it says:
// no damage makes it panic, fault in a mapping, or go round in circles.
type pages struct {
	f    io.ReaderAt
	size int64 // of the file
	page int64 // bytes a page
	meta meta  // the newest that is whole
	seen bitset
	// say takes what is wrong, each thing once.
	say func(format string, args ...any)
}

// meta is what one of the first two pages says of the whole file.
type meta struct {
	root, freelist, high, txid uint64
}

// page is one page with what overflows from it, or a bucket's that lies within
// another's value.
type page struct {
	flags, count uint16
	over         uint64 // how many pages follow that belong to it
	data         []byte // from the header on
}

// bitset notes pages.
type bitset []uint64

func (b *bitset) has(id uint64) bool {
	return id/64 < uint64(len(*b)) && (*b)[id/64]&(1<<(id%64)) != 0
}

func (b *bitset) add(id uint64) {
	for id/64 >= uint64(len(*b)) {
		*b = append(*b, 0)
	}
	(*b)[id/64] |= 1 << (id % 64)
}

var native = binary.NativeEndian

// readPages finds the newest meta page that is whole. Without one the error
// says so, and the pages can still be read one by one.
func readPages(f io.ReaderAt, size int64, say func(string, ...any)) (*pages, error) {
	p := &pages{f: f, size: size, page: 4096, say: say}
	found := false
	for at := int64(0); at <= largestPage; at = max(2*at, smallestPage) {
		m, page, ok := p.readMeta(at)
		if !ok || at != 0 && at != page {
			continue
		}
		if !found || m.txid > p.meta.txid {
			p.meta, p.page, found = m, page, true
		}
	}
	if !found {
		return p, errors.New("neither of its two meta pages can be read")
	}
	if need := int64(p.meta.high) * p.page; size < need {
		return p, fmt.Errorf("it has %d bytes and should have %d: it was cut off", size, need)
	}
	return p, nil
}

func (p *pages) readMeta(at int64) (m meta, size int64, ok bool) {
	b := make([]byte, headerSize+metaLength)
	if _, err := p.f.ReadAt(b, at); err != nil {
		return m, 0, false
	}
	b = b[headerSize:]
	size = int64(native.Uint32(b[8:]))
	h := fnv.New64a()
	h.Write(b[:metaLength-8])
	if native.Uint32(b) != metaMagic || native.Uint32(b[4:]) != metaVersion || native.Uint64(b[metaLength-8:]) != h.Sum64() {
		return m, 0, false
	}
	m = meta{root: native.Uint64(b[16:]), freelist: native.Uint64(b[32:]), high: native.Uint64(b[40:]), txid: native.Uint64(b[48:])}
	sane := size >= smallestPage && size <= largestPage && size&(size-1) == 0 && m.high <= 1<<40
	return m, size, sane
}

// read reads a page, the whole of it or the first page's length, which holds
// the header and as many elements as fit.
func (p *pages) read(id uint64, whole bool) (page, error) {
	if id < 2 || int64(id) > p.size/p.page {
		return page{}, fmt.Errorf("page %d: it is not in the file", id)
	}
	b := make([]byte, p.page)
	if _, err := p.f.ReadAt(b, int64(id)*p.page); err != nil {
		return page{}, fmt.Errorf("page %d: it cannot be read: %w", id, err)
	}
	pg := page{flags: native.Uint16(b[8:]), count: native.Uint16(b[10:]), over: uint64(native.Uint32(b[12:])), data: b}
	length := int64(1+pg.over) * p.page
	switch self := native.Uint64(b); {
	case self != id:
		return pg, fmt.Errorf("page %d: it calls itself page %d", id, self)
	case length > p.size-int64(id)*p.page:
		return pg, fmt.Errorf("page %d: it goes on beyond the end of the file", id)
	}
	if whole && length > p.page {
		pg.data = make([]byte, length)
		if _, err := p.f.ReadAt(pg.data, int64(id)*p.page); err != nil {
			return pg, fmt.Errorf("page %d: it cannot be read: %w", id, err)
		}
	}
	return pg, pg.check(id, length)
}

// check looks at the page's kind, and at where its elements lie within the
// length, as far as they are there.
func (pg page) check(id uint64, length int64) error {
	switch pg.flags {
	case freeFlag:
		return nil
	case branchFlag, leafFlag:
	default:
		return fmt.Errorf("page %d: it is of no known kind (%#x)", id, pg.flags)
	}
	for i := range int64(pg.count) {
		at := headerSize + elementSize*i
		if at+elementSize > length {
			return fmt.Errorf("page %d: its %d elements do not fit into it", id, pg.count)
		}
		if at+elementSize > int64(len(pg.data)) {
			return nil
		}
		e := pg.data[at:]
		end := at + int64(native.Uint32(e)) + int64(native.Uint32(e[4:]))
		if pg.flags == leafFlag {
			end = at + int64(native.Uint32(e[4:])) + int64(native.Uint32(e[8:])) + int64(native.Uint32(e[12:]))
		}
		if end > length {
			return fmt.Errorf("page %d: its element %d goes on beyond its end", id, i)
		}
	}
	if pg.flags == branchFlag && pg.count == 0 {
		return fmt.Errorf("page %d: a branch that leads nowhere", id)
	}
	return nil
}

// child is where the i-th element of a branch leads.
func (pg page) child(i int) uint64 { return native.Uint64(pg.data[headerSize+elementSize*i+8:]) }

// row is the i-th element of a leaf that was read as a whole and checked.
func (pg page) row(i int) (key, value []byte, bucket bool) {
	e := pg.data[headerSize+elementSize*i:]
	at, ks, vs := int64(native.Uint32(e[4:])), int64(native.Uint32(e[8:])), int64(native.Uint32(e[12:]))
	return e[at : at+ks : at+ks], e[at+ks : at+ks+vs : at+ks+vs], native.Uint32(e)&bucketFlag != 0
}

// walk visits the leaves below a page, in order, and passes over what cannot
// be read. Each page is visited once, wherever damaged branches lead.
func (p *pages) walk(of string, id uint64, depth int, whole bool, visit func(page)) {
	if p.seen.has(id) || depth > maxDepth {
		p.say("page %d, of bucket %s: more than one page leads to it", id, of)
		return
	}
	pg, err := p.read(id, whole)
	if err == nil && pg.flags == freeFlag {
		err = fmt.Errorf("page %d: it is of the wrong kind", id)
	}
	if err != nil {
		p.say("%v (of bucket %s)", err, of)
		return
	}
	for i := range 1 + pg.over {
		p.seen.add(id + i)
	}
	if pg.flags == leafFlag {
		visit(pg)
		return
	}
	if headerSize+elementSize*int(pg.count) > len(pg.data) {
		if pg, err = p.read(id, true); err != nil {
			p.say("%v (of bucket %s)", err, of)
			return
		}
	}
	for i := range int(pg.count) {
		p.walk(of, pg.child(i), depth+1, whole, visit)
	}
}

// bucketAt is where a bucket's rows are: below a page, or within the directory.
type bucketAt struct {
	root   uint64
	inline page
}

// buckets reads the directory.
func (p *pages) buckets() map[string]bucketAt {
	all := map[string]bucketAt{}
	p.walk("(the directory)", p.meta.root, 0, true, func(pg page) {
		for i := range int(pg.count) {
			key, value, is := pg.row(i)
			if !is || len(value) < headerSize {
				p.say("the directory of buckets: %q is none", key)
				continue
			}
			at := bucketAt{root: native.Uint64(value)}
			if at.root == 0 {
				var err error
				if at.inline, err = inline(value[headerSize:]); err != nil {
					p.say("bucket %s: %v", key, err)
				}
			}
			all[string(key)] = at
		}
	})
	return all
}

// inline is a small bucket's only page.
func inline(b []byte) (page, error) {
	if len(b) < headerSize {
		return page{}, errors.New("its page is too short")
	}
	pg := page{flags: native.Uint16(b[8:]), count: native.Uint16(b[10:]), data: b}
	if pg.flags != leafFlag {
		return page{}, errors.New("its page is no leaf")
	}
	if err := pg.check(0, int64(len(b))); err != nil {
		return page{}, err
	}
	return pg, nil
}

// free reads the list of free pages.
func (p *pages) free() (bitset, error) {
	var free bitset
	if p.meta.freelist == noFreelist {
		return nil, nil
	}
	pg, err := p.read(p.meta.freelist, true)
	if err != nil {
		return nil, fmt.Errorf("the list of free pages: %w", err)
	}
	if pg.flags != freeFlag {
		return nil, fmt.Errorf("the list of free pages: page %d is none", p.meta.freelist)
	}
	n, list := uint64(pg.count), pg.data[headerSize:]
	if n == manyFree && len(list) >= 8 {
		n, list = native.Uint64(list), list[8:]
	}
	if n > uint64(len(list)/8) {
		return nil, errors.New("the list of free pages: it is longer than its page")
	}
	for i := range n {
		id := native.Uint64(list[8*i:])
		if id < 2 || id >= p.meta.high {
			return nil, fmt.Errorf("the list of free pages: page %d is not in the file", id)
		}
		free.add(id)
	}
	return free, nil
}

// manyAreFree tells whether a file has so many free pages that their number
// does not fit into a page's header: a quarter of a gigabyte of them.
func manyAreFree(f io.ReaderAt, size int64) bool {
	p, err := readPages(f, size, func(string, ...any) {})
	if err != nil || p.meta.freelist == noFreelist {
		return false
	}
	pg, err := p.read(p.meta.freelist, false)
	return err == nil && pg.flags == freeFlag && pg.count == manyFree
}
