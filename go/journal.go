package ministore

// The journal open for writing, as its users see it. What happens below is in writer.go and commit.go.

import (
	"bytes"
	"context"
	"fmt"
)

// A Journal is open for writing, by one writer at a time. Any number of goroutines may use it at once.
//
// Calls that wait take a context. When it ends, the call returns at once with the context's error, which then also is
// [ErrNotSent], or [ErrOutcomeUnknown] if the disk was already at work: nothing that has begun is interrupted.
type Journal[T any] struct {
	writer *writer
	encode func(T) ([]byte, error)
}

// Info tells what a journal holds.
type Info struct {
	Segments        uint32 // the active one included
	FirstSequence   uint64 // of the oldest record that is there; equal to NextSequence if there is none
	NextSequence    uint64 // the number the next record gets; 1 in a new journal
	DurableSequence uint64 // the last record covered by a sync; 0 if none
	Bytes           uint64 // of all segments, without space allocated in advance
	TornBytes       uint64 // how much Open cut from the end and saved to P.torn; 0 for nothing
	TornOffset      uint64 // where in the active segment it had begun
}

// Open opens the journal at path for writing, and makes it, and missing parent folders, if it is not there.
//
// When it returns, the caller is the journal's only writer (another one gets [ErrLocked]), what a crash left
// half-done is completed, a torn tail is cut ([Info] tells how much, and P.torn keeps it), and what the journal holds
// is durable.
func Open[T any](path string, opts ...OpenOption) (*Journal[T], error) {
	config := newOpenConfig(opts)
	w, err := openWriter(path, config)
	if err != nil {
		return nil, err
	}
	return &Journal[T]{writer: w, encode: encoder[T](config.codec)}, nil
}

// Append appends one record and returns its sequence number. The record is durable when Append returns (with
// [WithManualSync]: once a later Sync has returned). Appends that wait at the same time share one commit.
//
// A refused record ([ErrInvalidJSON], [ErrTooLarge]) fails alone and writes nothing. After [ErrNoSpace] what was
// written is taken back and the journal stays usable; it fails every append of the commit. After [ErrIO] from a
// failed sync the journal is poisoned: everything but Stat and Close fails with [ErrPoisoned].
func (j *Journal[T]) Append(ctx context.Context, v T) (sequence uint64, err error) {
	line, err := j.line(v, 1)
	if err != nil {
		return 0, err
	}
	return j.writer.append(ctx, line, 1)
}

// AppendBatch appends records as one commit: after a crash all of them are there or none. It returns the last one's
// sequence number, 0 if there was none. One refused record fails the whole batch; Error.Line is its number from 1.
func (j *Journal[T]) AppendBatch(ctx context.Context, vs []T) (last uint64, err error) {
	lines := make([][]byte, len(vs))
	for i, v := range vs {
		if lines[i], err = j.line(v, i+1); err != nil {
			return 0, err
		}
	}
	return j.writer.append(ctx, bytes.Join(lines, []byte("\n")), len(vs))
}

// line encodes a value and checks it, before it joins a commit that it would fail.
func (j *Journal[T]) line(v T, number int) ([]byte, error) {
	text, err := j.encode(v)
	if err != nil {
		return nil, &Error{
			Status:  ErrInvalidJSON,
			Message: fmt.Sprintf("%s: record %d (%T) cannot be encoded: %v", j.writer.path, number, v, err),
			Path:    j.writer.path,
			Line:    uint64(number),
			Err:     err,
		}
	}
	return j.writer.checkRecord(text, number)
}

// Sync makes every append that returned before durable. It is needed with [WithManualSync] only.
func (j *Journal[T]) Sync(ctx context.Context) error { return j.writer.sync(ctx) }

// Rotate archives the active segment and begins a new one. One without records is left as it is.
func (j *Journal[T]) Rotate(ctx context.Context) error { return j.writer.rotate(ctx) }

// Prune removes archived segments all of whose records are older than the sequence number before, oldest first, and
// returns how many. Whole segments go: some older records may stay.
func (j *Journal[T]) Prune(ctx context.Context, before uint64) (removed int, err error) {
	return j.writer.prune(ctx, before)
}

// Stat tells what the journal holds.
func (j *Journal[T]) Stat(ctx context.Context) (Info, error) { return j.writer.stat(ctx) }

// Close waits for the appends under way, makes durable what is not yet, and gives the journal free. Closing once more
// does nothing. Later calls fail with an error that is [os.ErrClosed].
func (j *Journal[T]) Close() error { return j.writer.close() }

// String names the journal in logs.
func (j *Journal[T]) String() string { return "ministore.Journal(" + j.writer.path + ")" }
