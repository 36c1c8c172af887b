package ministore

// The reader, as its users see it: iterators over a journal, and the cursor they are made of. Below is reader.go.

/*
#include "ministore.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"unsafe"
)

// A Record is one record of a journal with its place.
//
// A raw Value (json.RawMessage, []byte) is the caller's to keep and to change. It shares memory with those of its
// neighbours, some hundred kilobytes: clone the few that are kept for long. A [Borrowed] one is good until the next
// record is asked for.
type Record[T any] struct {
	Value    T
	Sequence uint64 // the record's number over the life of the journal, from 1
	Segment  string // file name of its segment
	Line     uint64 // its line there; the header is line 1
	Offset   uint64 // its first byte there
}

// Replay reads all records of the journal at path in order, without a writer and without a lock. A journal that is not
// there has none. What a crash left half-written at the end is left out.
//
// An error is handed out as the last element, with a Record without Value; see [WithSkipBadLines] to go on behind it.
// Records that are not raw are read and decoded ahead, in goroutines that have ended when the loop has.
func Replay[T any](path string, opts ...ReadOption) iter.Seq2[Record[T], error] {
	return read[T](path, C.MINISTORE_REPLAY, opts)
}

// Stream reads one segment file, active or archived, and no other.
func Stream[T any](path string, opts ...ReadOption) iter.Seq2[Record[T], error] {
	return read[T](path, C.MINISTORE_STREAM, opts)
}

func read[T any](path string, scope C.uint32_t, opts []ReadOption) iter.Seq2[Record[T], error] {
	return func(yield func(Record[T], error) bool) {
		c, err := openCursor[T](path, scope, opts)
		if err != nil {
			yield(Record[T]{}, err)
			return
		}
		defer c.Close()
		if c.raw {
			c.recordsInTurn(yield)
		} else {
			c.recordsAhead(yield)
		}
	}
}

// Follow reads as [Replay] does and then goes on with what is appended, over rotations, until the context ends: its
// error is the last element. A follower that waits takes a thread.
func Follow[T any](ctx context.Context, path string, opts ...ReadOption) iter.Seq2[Record[T], error] {
	return func(yield func(Record[T], error) bool) {
		c, err := OpenCursor[T](path, append([]ReadOption{WithDurable(true)}, opts...)...)
		if err != nil {
			yield(Record[T]{}, err)
			return
		}
		defer c.Close()
		c.follow(ctx, yield)
	}
}

func (c *Cursor[T]) follow(ctx context.Context, yield func(Record[T], error) bool) {
	for ctx.Err() == nil {
		rec, err := c.next()
		if err == errEnd {
			if err = c.Wait(ctx); err == nil {
				continue
			}
		}
		if !yield(rec, err) || (err != nil && !c.goesOn(err)) {
			return
		}
	}
	yield(Record[T]{}, ctx.Err())
}

// A Cursor reads a journal step by step. It belongs to one goroutine at a time, but any may close it.
type Cursor[T any] struct {
	reader *reader
	decode func([]byte) (T, error)
	raw    bool // decode does nothing
	skip   bool
	failed error // a record that does not fit: handed out again, unless skip
}

// CursorInfo tells where a cursor is and what the journal holds.
type CursorInfo struct {
	Segments      uint32 // files of the journal, the active one included; 0 if there is none
	FirstSequence uint64 // of the oldest record that is there
	NextSequence  uint64 // of the record that the cursor hands out next
	Bytes         uint64 // of all segments, space allocated in advance included
	TornBytes     uint64 // of a torn tail behind the last record, known once the cursor has read to the end
	TornOffset    uint64 // where in the active segment it begins
}

// OpenCursor opens a reader of the journal at path. It works while a writer appends, rotates and prunes. With
// [WithAtEnd] and Stat it is the cheap way to ask what a journal holds.
func OpenCursor[T any](path string, opts ...ReadOption) (*Cursor[T], error) {
	return openCursor[T](path, C.MINISTORE_REPLAY, opts)
}

// OpenStream opens a reader of one segment file, active or archived, and no other.
func OpenStream[T any](path string, opts ...ReadOption) (*Cursor[T], error) {
	return openCursor[T](path, C.MINISTORE_STREAM, opts)
}

func openCursor[T any](path string, scope C.uint32_t, opts []ReadOption) (*Cursor[T], error) {
	config := newReadConfig(scope, opts)
	r, err := openReader(path, &config.options)
	if err != nil {
		return nil, err
	}
	skip := config.options.on_bad_line == C.MINISTORE_BAD_LINE_SKIP
	raw := config.codec == nil && isRaw[T]()
	r.reusesSpans, r.reusesLines = raw, raw && isBorrowed[T]()
	return &Cursor[T]{reader: r, decode: decoder[T](config.codec), raw: raw, skip: skip}, nil
}

// recordsInTurn hands out raw records, which are sooner read than handed from one goroutine to another.
func (c *Cursor[T]) recordsInTurn(yield func(Record[T], error) bool) {
	for {
		err := c.reader.more()
		rest := &c.reader.rest
		switch {
		case err == nil:
			taken := rest.take(len(rest.spans))
			if !handOutRaw(&taken, yield) {
				return
			}
		case err == errEnd || !yield(Record[T]{}, err) || !c.goesOn(err):
			return
		}
	}
}

// handOutRaw is for a T that is a slice of bytes. It tells whether the loop goes on.
func handOutRaw[T any](b *batch, yield func(Record[T], error) bool) bool {
	lines, at := b.lines, b.first
	for _, span := range b.spans {
		end := span.offset + span.size
		data := lines[span.offset:end:end]
		value := *(*T)(unsafe.Pointer(&data))
		if !yield(Record[T]{value, at.sequence, at.segment, at.line, at.offset + uint64(span.offset)}, nil) {
			return false
		}
		at.sequence++
		at.line++
	}
	return true
}

// Records reads from where the cursor is to the end. Ranging over it again later goes on there.
func (c *Cursor[T]) Records() iter.Seq2[Record[T], error] {
	return func(yield func(Record[T], error) bool) {
		for {
			rec, err := c.next()
			if err == errEnd {
				return
			}
			if !yield(rec, err) || (err != nil && !c.goesOn(err)) {
				return
			}
		}
	}
}

func (c *Cursor[T]) next() (rec Record[T], err error) {
	if c.failed != nil {
		return rec, c.failed
	}
	if err := c.reader.more(); err != nil {
		return rec, err
	}
	taken := c.reader.rest.take(1)
	at := taken.place(0)
	rec = Record[T]{Sequence: at.sequence, Segment: at.segment, Line: at.line, Offset: at.offset}
	value, err := c.decode(taken.data(0))
	if err == nil {
		rec.Value = value
		return rec, nil
	}
	err = c.doesNotFit(at, err)
	if !c.skip {
		c.failed = err
	}
	return rec, err
}

func (c *Cursor[T]) doesNotFit(at place, err error) error {
	var value T
	return &Error{
		Status: ErrDecode,
		Message: fmt.Sprintf("%s: %s:%d: record %d does not fit %T: %v",
			c.reader.path, at.segment, at.line, at.sequence, value, err),
		Path:     c.reader.path,
		Segment:  at.segment,
		Line:     at.line,
		Offset:   at.offset,
		Sequence: at.sequence,
		Err:      err,
	}
}

// goesOn tells whether reading may go on behind an error.
func (c *Cursor[T]) goesOn(err error) bool {
	return c.skip && (errors.Is(err, ErrCorrupt) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrDecode))
}

// Wait waits until there is something to read, a record or an error, or until the context ends, whose error it then
// returns.
func (c *Cursor[T]) Wait(ctx context.Context) error { return c.reader.wait(ctx) }

// Stat tells where the cursor is and what the journal holds.
func (c *Cursor[T]) Stat() (CursorInfo, error) { return c.reader.stat() }

// Close ends a wait under way and closes the cursor. Closing once more does nothing. Later calls fail with an error
// that is [os.ErrClosed]; only records already read from the file may still be handed out.
func (c *Cursor[T]) Close() error {
	c.reader.close()
	return nil
}
