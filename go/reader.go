package ministore

// The C handle of a cursor. Records cross from C once per batch: the batch's bytes are copied into Go memory, which is
// never used again unless records are Borrowed, and handed out from there.

/*
#include <stdlib.h>
#include "ministore.h"
*/
import "C"

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"unsafe"
)

// errEnd says that there is nothing more to read for now.
var errEnd = errors.New("ministore: the end")

type reader struct {
	path string

	handle *C.ministore_cursor_t
	life   sync.Mutex // guards closed, so that no interrupt meets a handle that was freed
	closed bool

	calls   sync.Mutex // held during calls into C; guards what follows
	failure C.ministore_error
	batch   C.ministore_batch

	// For the goroutine that reads:
	rest                     batch // what is left of the last batch
	lines                    []byte
	spans                    []C.ministore_span
	reusesLines, reusesSpans bool // of one batch for the next one, as nobody keeps them
}

// A batch is records on consecutive lines of one segment.
type batch struct {
	lines []byte
	spans []C.ministore_span
	first place // of the first record; the offset is that of lines
}

type place struct {
	segment                string
	sequence, line, offset uint64
}

func openReader(path string, options *C.ministore_cursor_options) (*reader, error) {
	name, err := cPath(path)
	if err != nil {
		return nil, err
	}
	defer C.free(unsafe.Pointer(name))
	r := &reader{path: path}
	collectGarbage()
	if status := C.ministore_cursor_open(&r.handle, name, options, &r.failure); status < 0 {
		return nil, goError(status, &r.failure)
	}
	runtime.SetFinalizer(r, (*reader).close)
	return r, nil
}

// data is record i, place where it stands.
func (b *batch) data(i int) []byte {
	span := b.spans[i]
	end := span.offset + span.size
	return b.lines[span.offset:end:end]
}

func (b *batch) place(i int) place {
	p := b.first
	return place{p.segment, p.sequence + uint64(i), p.line + uint64(i), p.offset + uint64(b.spans[i].offset)}
}

// take takes the first n records off, or all if there are fewer.
func (b *batch) take(n int) batch {
	n = min(n, len(b.spans))
	taken := batch{b.lines, b.spans[:n], b.first}
	b.spans = b.spans[n:]
	b.first.sequence += uint64(n)
	b.first.line += uint64(n)
	return taken
}

// more makes sure that there is a record to take, or returns errEnd or another error.
func (r *reader) more() error {
	if len(r.rest.spans) > 0 {
		return nil
	}
	return r.fetch()
}

// enter begins a call into C. An interrupt by close is used up by one wait, so none may begin behind it.
func (r *reader) enter() error {
	r.calls.Lock()
	if r.isClosed() {
		r.calls.Unlock()
		return errClosed(r.path, "cursor")
	}
	collectGarbage()
	return nil
}

func (r *reader) isClosed() bool {
	r.life.Lock()
	defer r.life.Unlock()
	return r.closed
}

func (r *reader) leave() {
	r.calls.Unlock()
	runtime.KeepAlive(r)
}

// fetch copies the next batch.
func (r *reader) fetch() error {
	if err := r.enter(); err != nil {
		return err
	}
	defer r.leave()
	switch status := C.ministore_cursor_next_batch(r.handle, &r.batch, &r.failure); {
	case status < 0:
		return goError(status, &r.failure)
	case status == C.MINISTORE_DONE:
		return errEnd
	}
	b := &r.batch
	if !r.reusesLines {
		r.lines = nil
	}
	if !r.reusesSpans {
		r.spans = nil
	}
	r.lines = append(r.lines[:0], unsafe.Slice((*byte)(unsafe.Pointer(b.data)), int(b.size))...)
	r.spans = append(r.spans[:0], unsafe.Slice(b.spans, int(b.count))...)
	first := place{C.GoString(b.segment), uint64(b.sequence), uint64(b.line), uint64(b.offset)}
	r.rest = batch{r.lines, r.spans, first}
	return nil
}

// wait blocks in C; the end of the context interrupts it there.
func (r *reader) wait(ctx context.Context) error {
	stop := context.AfterFunc(ctx, r.interrupt)
	defer stop()
	for ctx.Err() == nil {
		if len(r.rest.spans) > 0 {
			return nil
		}
		interrupted, err := r.waitOnce()
		if !interrupted {
			return err
		}
	}
	return ctx.Err()
}

// waitOnce may also be interrupted by a signal, or late, by a context that ended after the wait before.
func (r *reader) waitOnce() (interrupted bool, err error) {
	if err := r.enter(); err != nil {
		return false, err
	}
	defer r.leave()
	status := C.ministore_cursor_wait(r.handle, -1, &r.failure)
	if status < 0 {
		return false, goError(status, &r.failure)
	}
	return status == C.MINISTORE_INTERRUPTED, nil
}

func (r *reader) interrupt() {
	r.life.Lock()
	defer r.life.Unlock()
	if !r.closed {
		C.ministore_cursor_interrupt(r.handle)
	}
}

func (r *reader) stat() (CursorInfo, error) {
	if err := r.enter(); err != nil {
		return CursorInfo{}, err
	}
	defer r.leave()
	info := C.ministore_cursor_info{struct_size: C.sizeof_ministore_cursor_info}
	if status := C.ministore_cursor_stat(r.handle, &info, &r.failure); status < 0 {
		return CursorInfo{}, goError(status, &r.failure)
	}
	return CursorInfo{
		Segments:      uint32(info.segments),
		FirstSequence: uint64(info.first_sequence),
		NextSequence:  uint64(info.next_sequence) - uint64(len(r.rest.spans)), // C has handed out the whole batch
		Bytes:         uint64(info.bytes),
		TornBytes:     uint64(info.torn_bytes),
		TornOffset:    uint64(info.torn_offset),
	}, nil
}

func (r *reader) close() {
	r.life.Lock()
	wasOpen := !r.closed
	r.closed = true
	if wasOpen {
		C.ministore_cursor_interrupt(r.handle)
	}
	r.life.Unlock()
	if !wasOpen {
		return
	}
	runtime.SetFinalizer(r, nil)
	r.calls.Lock()
	defer r.calls.Unlock()
	C.ministore_cursor_close(r.handle)
}
