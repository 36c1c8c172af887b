package ministore

// How failures look in Go: statuses as sentinel errors, and the error that carries one with its place.

/*
#include "ministore.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Status says what kind of failure an [Error] is. Each status is itself an error to compare with by errors.Is.
type Status int32

// The statuses of failures. Their names in the C library are the same in capitals, such as MINISTORE_LOCKED.
const (
	ErrInvalidArgument    Status = C.MINISTORE_INVALID_ARGUMENT    // a nonsense option or path, or use after Close
	ErrNoMemory           Status = C.MINISTORE_NO_MEMORY           // an allocation failed; nothing was changed
	ErrIO                 Status = C.MINISTORE_IO                  // the system refused; see Error.Errno
	ErrNoSpace            Status = C.MINISTORE_NO_SPACE            // disk, quota or size limit is full; what was begun is taken back
	ErrNotAFile           Status = C.MINISTORE_NOT_A_FILE          // a directory, FIFO, socket or device stands at the path
	ErrLocked             Status = C.MINISTORE_LOCKED              // another writer has the journal open
	ErrBadHeader          Status = C.MINISTORE_BAD_HEADER          // the file is no journal; not one byte of it was changed
	ErrUnsupportedVersion Status = C.MINISTORE_UNSUPPORTED_VERSION // a journal of another format version; nothing was changed
	ErrInvalidJSON        Status = C.MINISTORE_INVALID_JSON        // a record for Append is not one line of strict JSON
	ErrTooLarge           Status = C.MINISTORE_TOO_LARGE           // a record is longer than WithMaxRecordBytes allows
	ErrCorrupt            Status = C.MINISTORE_CORRUPT             // what may have been acknowledged is damaged; see the place
	ErrTorn               Status = C.MINISTORE_TORN                // there is a torn tail, and WithRefuseTornTail was given
	ErrPruned             Status = C.MINISTORE_PRUNED              // the records asked for were removed by retention or Prune
	ErrPoisoned           Status = C.MINISTORE_POISONED            // an earlier sync failed: close the journal and open it anew
	ErrForked             Status = C.MINISTORE_FORKED              // the handle was opened by a parent process

	// ErrDecode is this package's own: a record is good JSON but does not fit the type.
	ErrDecode Status = -1 << 31
)

// What became of a call that was given up because its context ended. The error is also the context's, so that
// errors.Is(err, context.Canceled) holds as well.
var (
	ErrNotSent        = errors.New("ministore: nothing was done")
	ErrOutcomeUnknown = errors.New("ministore: under way when given up, and may still succeed")
)

// String is the status's name, such as LOCKED.
func (s Status) String() string {
	if s == ErrDecode {
		return "DECODE"
	}
	return C.GoString(C.ministore_status_name(C.ministore_status(s)))
}

// Error makes a status comparable by errors.Is.
func (s Status) Error() string { return "ministore: " + s.String() }

// Error is a failure with its place. Zero stands for what does not apply.
//
// Of a record that Append refused, Line is its number in the batch from 1, and Offset the byte in it. Of a damaged
// journal they are the place in the file Segment, whose first line, the header, is line 1.
type Error struct {
	Status   Status
	Message  string        // one sentence for a person: what is wrong, where, and what to do
	Path     string        // the journal's path, as it was given
	Segment  string        // file name of the segment concerned, without its folder
	Line     uint64        // line in Segment
	Offset   uint64        // byte offset in Segment
	Sequence uint64        // sequence number of the record concerned
	Errno    syscall.Errno // of the system call that failed
	Err      error         // what a codec said, or os.ErrClosed
}

func (e *Error) Error() string { return "ministore: " + e.Message }

// Is reports whether target is the error's status.
func (e *Error) Is(target error) bool { return target == e.Status }

// Unwrap returns what a codec said, os.ErrClosed after Close, or the system's error number.
func (e *Error) Unwrap() error {
	switch {
	case e.Err != nil:
		return e.Err
	case e.Errno != 0:
		return e.Errno
	}
	return nil
}

// goError makes an error of a failed call's status and details.
func goError(status C.ministore_status, failure *C.ministore_error) error {
	return &Error{
		Status:   Status(status),
		Message:  C.GoString(&failure.message[0]),
		Path:     C.GoString(&failure.path[0]),
		Segment:  C.GoString(&failure.segment[0]),
		Line:     uint64(failure.line),
		Offset:   uint64(failure.offset),
		Sequence: uint64(failure.sequence),
		Errno:    syscall.Errno(failure.os_error),
	}
}

func errClosed(path, what string) error {
	return &Error{Status: ErrInvalidArgument, Path: path, Message: path + ": the " + what + " is closed", Err: os.ErrClosed}
}

func notSent(ctx context.Context) error { return fmt.Errorf("%w: %w", ErrNotSent, ctx.Err()) }

func outcomeUnknown(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrOutcomeUnknown, ctx.Err())
}
