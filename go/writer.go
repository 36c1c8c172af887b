package ministore

// The C handle of a journal. Goroutines queue for it here, in Go, so that at most one thread waits in C.

/*
#include <stdlib.h>
#include "ministore.h"
*/
import "C"

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"unsafe"
)

// blanks is JSON's white space. Around a record it is no part of it.
const blanks = " \t\r\n"

type writer struct {
	path           string
	maxRecordBytes uint64

	turn     chan struct{}     // full: somebody has the turn, and with it all that follows
	handle   *C.ministore_t    // nil: closed
	failure  C.ministore_error // details of the call under way
	sequence C.uint64_t        // result of an append
	buffer   []byte            // lines of a commit

	queue commitQueue
}

func openWriter(path string, config *openConfig) (*writer, error) {
	name, err := cPath(path)
	if err != nil {
		return nil, err
	}
	defer C.free(unsafe.Pointer(name))
	w := &writer{path: path, maxRecordBytes: uint64(config.options.max_record_bytes), turn: make(chan struct{}, 1)}
	collectGarbage()
	if status := C.ministore_open(&w.handle, name, &config.options, &w.failure); status < 0 {
		return nil, goError(status, &w.failure)
	}
	runtime.SetFinalizer(w, func(w *writer) { go w.close() }) // as os.File: a lost journal gives its lock free
	return w, nil
}

// cPath makes a C string of a path, to be freed.
func cPath(path string) (*C.char, error) {
	if strings.IndexByte(path, 0) >= 0 {
		return nil, &Error{Status: ErrInvalidArgument, Path: path, Message: fmt.Sprintf("%q: a path holds no NUL", path)}
	}
	return C.CString(path), nil
}

// checkRecord is what the core does before a record joins a commit: it returns the text without white space around it.
func (w *writer) checkRecord(record []byte, number int) ([]byte, error) {
	text := bytes.TrimLeft(record, blanks)
	before := uint64(len(record) - len(text))
	text = bytes.TrimRight(text, blanks)
	if uint64(len(text)) > w.maxRecordBytes {
		return nil, w.refused(ErrTooLarge, number, 0,
			fmt.Sprintf("has %d bytes, the limit is %d (WithMaxRecordBytes)", len(text), w.maxRecordBytes))
	}
	if !isValid(text) {
		failure := validate(text).(*Error)
		return nil, w.refused(ErrInvalidJSON, number, before+failure.Offset, "is "+failure.Message)
	}
	if at := bytes.IndexByte(text, '\n'); at >= 0 {
		return nil, w.refused(ErrInvalidJSON, number, before+uint64(at),
			"is not one line: a line feed stands in it (json.Compact takes it out)")
	}
	return text, nil
}

func (w *writer) refused(status Status, number int, offset uint64, why string) error {
	return &Error{
		Status:  status,
		Message: fmt.Sprintf("%s: record %d %s", w.path, number, why),
		Path:    w.path,
		Line:    uint64(number),
		Offset:  offset,
	}
}

// acquire takes the turn, or gives up when the context ends.
func (w *writer) acquire(ctx context.Context) error {
	if ctx.Err() != nil {
		return notSent(ctx)
	}
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return notSent(ctx)
	}
	if w.handle == nil {
		w.release()
		return errClosed(w.path, "journal")
	}
	return nil
}

func (w *writer) release() {
	<-w.turn
	runtime.KeepAlive(w)
}

// alone runs a call into C when its turn has come. When the context ends first, the call goes on without its caller.
func alone[R any](ctx context.Context, w *writer, call func() (R, C.ministore_status)) (R, error) {
	type outcome struct {
		result R
		err    error
	}
	var none R
	if err := w.acquire(ctx); err != nil {
		return none, err
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		collectGarbage()
		result, status := call()
		if o.result = result; status < 0 {
			o.err = goError(status, &w.failure)
		}
		w.release()
		done <- o
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
		return none, outcomeUnknown(ctx)
	}
}

func (w *writer) sync(ctx context.Context) error {
	_, err := alone(ctx, w, func() (struct{}, C.ministore_status) {
		return struct{}{}, C.ministore_sync(w.handle, &w.failure)
	})
	return err
}

func (w *writer) rotate(ctx context.Context) error {
	_, err := alone(ctx, w, func() (struct{}, C.ministore_status) {
		return struct{}{}, C.ministore_rotate(w.handle, &w.failure)
	})
	return err
}

func (w *writer) prune(ctx context.Context, before uint64) (int, error) {
	return alone(ctx, w, func() (int, C.ministore_status) {
		var removed C.uint32_t
		status := C.ministore_prune(w.handle, C.uint64_t(before), &removed, &w.failure)
		return int(removed), status
	})
}

func (w *writer) stat(ctx context.Context) (Info, error) {
	return alone(ctx, w, func() (Info, C.ministore_status) {
		info := C.ministore_info{struct_size: C.sizeof_ministore_info}
		status := C.ministore_stat(w.handle, &info, &w.failure)
		return Info{
			Segments:        uint32(info.segments),
			FirstSequence:   uint64(info.first_sequence),
			NextSequence:    uint64(info.next_sequence),
			DurableSequence: uint64(info.durable_sequence),
			Bytes:           uint64(info.bytes),
			TornBytes:       uint64(info.torn_bytes),
			TornOffset:      uint64(info.torn_offset),
		}, status
	})
}

// close commits what waits, then closes the handle. The turn keeps every other call away from it.
func (w *writer) close() error {
	if !w.queue.close() {
		return nil
	}
	runtime.SetFinalizer(w, nil)
	w.turn <- struct{}{}
	defer w.release()
	w.commitAll()
	collectGarbage()
	status := C.ministore_close(w.handle, &w.failure)
	w.handle = nil
	if status < 0 {
		return goError(status, &w.failure)
	}
	return nil
}
