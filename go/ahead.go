package ministore

// Reading ahead: while a loop is at work with some records, a goroutine reads, checks and decodes those that follow.

/*
#include "ministore.h"
*/
import "C"

import (
	"runtime"
	"sync/atomic"
)

const (
	lotRecords = 256 // enough that handing over a lot costs each record next to nothing
	lots       = 4
)

// A lot is some records of one batch in a row, decoded.
type lot[T any] struct {
	first    place // of the first record; the offset is the batch's
	spans    []C.ministore_span
	values   []T
	err      error     // what came behind these records
	misfit   Record[T] // the place of the record that err is about, if it is one that does not fit
	panicked any       // what the codec panicked with behind these records
}

// recordsAhead hands out what Records does. The cursor is its own until it returns; no goroutine is left then.
func (c *Cursor[T]) recordsAhead(yield func(Record[T], error) bool) {
	full, free := make(chan *lot[T], lots), make(chan *lot[T], lots)
	for range lots {
		free <- new(lot[T])
	}
	var enough atomic.Bool
	go func() {
		defer close(full)
		for l := range free {
			if enough.Load() {
				return
			}
			c.fill(l)
			full <- l
			if l.panicked != nil || (l.err != nil && !c.goesOn(l.err)) {
				return
			}
		}
	}()
	defer func() {
		enough.Store(true)
		close(free)
		for range full { // until the goroutine has ended
		}
	}()
	for l := range full {
		if !l.handOut(yield) || (l.err != nil && !c.goesOn(l.err)) {
			return
		}
		free <- l
	}
	runtime.Goexit() // as the codec did
}

// handOut tells whether the loop goes on.
func (l *lot[T]) handOut(yield func(Record[T], error) bool) bool {
	for i, value := range l.values {
		at := l.first.behind(uint64(i), l.spans[i])
		if !yield(Record[T]{value, at.sequence, at.segment, at.line, at.offset}, nil) {
			return false
		}
	}
	if l.panicked != nil {
		panic(l.panicked)
	}
	return l.err == nil || (l.err != errEnd && yield(l.misfit, l.err))
}

func (c *Cursor[T]) fill(l *lot[T]) {
	l.values, l.misfit = l.values[:0], Record[T]{}
	defer func() { l.panicked = recover() }()
	r := c.reader
	if l.err = r.more(); l.err != nil {
		return
	}
	l.first = r.first.behind(uint64(r.index), C.ministore_span{})
	l.spans = append(l.spans[:0], r.spans[r.index:min(r.index+lotRecords, len(r.spans))]...)
	for range l.spans {
		data, at := r.take()
		value, err := c.decode(data)
		if err != nil {
			l.misfit = Record[T]{Sequence: at.sequence, Segment: at.segment, Line: at.line, Offset: at.offset}
			l.err = c.doesNotFit(l.misfit, err)
			return
		}
		l.values = append(l.values, value)
	}
}
