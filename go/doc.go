// Package ministore is an embedded write-ahead journal: append JSON records durably, replay them all in order,
// stream one file lazily, follow what is appended. The files are plain text, one record a line.
//
//	j, err := ministore.Open[Event]("events.journal")
//	...
//	seq, err := j.Append(ctx, Event{Name: "started"}) // durable when it returns
//	...
//	for rec, err := range ministore.Replay[Event]("events.journal") {
//
// A [Journal] is the one writer of its files and may be used from any number of goroutines: appends that wait at the
// same time become one commit, with one write, one sync and one call into C. Readers ([Replay], [Stream], [Follow],
// [Cursor]) need no writer and no lock, and work while another goroutine or process appends, rotates and prunes.
//
// # Types
//
// Records are encoded and decoded as the type parameter says, by encoding/json or by the [Codec] given with
// [WithCodec]. Three types stand for the records' own bytes: with [json.RawMessage], []byte and [Borrowed] a record is
// given and taken as its JSON text. What is decoded into an interface value (any, map[string]any) has its numbers as
// [json.Number], so that no 64-bit integer is rounded.
//
// # Errors
//
// A failure is an [*Error] with a [Status] and its place: file, line, offset, sequence number. Compare it by
// errors.Is(err, ministore.ErrLocked), or with what the system said, by errors.Is(err, syscall.ENOSPC). Use after
// Close is an error that is [os.ErrClosed]. A call whose context ends returns the context's error together with
// [ErrNotSent] or [ErrOutcomeUnknown].
//
// # Building
//
// The C core is compiled with the package: cgo and a C compiler are needed, nothing else. The build tag libministore
// links the system's libministore instead, found by pkg-config.
package ministore
