package ministore

// The options of Open, of the readers, of Verify and of Repair. What fits where is checked by the compiler.

/*
#include "ministore.h"
*/
import "C"

import "io/fs"

type (
	// OpenOption is an option of [Open].
	OpenOption interface{ applyOpen(*openConfig) }
	// ReadOption is an option of [Replay], [Stream], [Follow] and [OpenCursor].
	ReadOption interface{ applyRead(*readConfig) }
	// VerifyOption is an option of [Verify].
	VerifyOption interface{ applyVerify(*careConfig) }
	// RepairOption is an option of [Repair].
	RepairOption interface{ applyRepair(*careConfig) }
)

type openConfig struct {
	options C.ministore_options
	codec   Codec
}

type readConfig struct {
	options C.ministore_cursor_options
	codec   Codec
}

type careConfig struct {
	maxRecordBytes uint64
	dryRun         bool
}

func newOpenConfig(opts []OpenOption) *openConfig {
	c := new(openConfig)
	C.ministore_options_init(&c.options, C.sizeof_ministore_options)
	for _, o := range opts {
		o.applyOpen(c)
	}
	return c
}

func newReadConfig(scope C.uint32_t, opts []ReadOption) *readConfig {
	c := new(readConfig)
	C.ministore_cursor_options_init(&c.options, C.sizeof_ministore_cursor_options)
	c.options.scope = scope
	for _, o := range opts {
		o.applyRead(c)
	}
	return c
}

// newCareConfig takes the limit's default from the core, as Verify and Repair have no option struct of their own.
func newCareConfig() *careConfig {
	return &careConfig{maxRecordBytes: uint64(newReadConfig(C.MINISTORE_REPLAY, nil).options.max_record_bytes)}
}

type openOption func(*C.ministore_options)

func (f openOption) applyOpen(c *openConfig) { f(&c.options) }

type readOption func(*C.ministore_cursor_options)

func (f readOption) applyRead(c *readConfig) { f(&c.options) }

// WithMaxBytesPerSegment rotates the journal when its active segment has reached n bytes. The default is never.
func WithMaxBytesPerSegment(n uint64) OpenOption {
	return openOption(func(o *C.ministore_options) { o.max_bytes_per_segment = C.uint64_t(n) })
}

// WithMaxSegments keeps n segments, the active one included, and REMOVES older ones at each rotation, whatever they
// hold; with 1, records go at each rotation. The default is to keep all.
func WithMaxSegments(n uint32) OpenOption {
	return openOption(func(o *C.ministore_options) { o.max_segments = C.uint32_t(n) })
}

// WithPreallocateBytes extends the active segment in steps of n bytes, which makes durable appends quicker. While the
// journal is open its file then ends in NULs. The default is 0, off.
func WithPreallocateBytes(n uint64) OpenOption {
	return openOption(func(o *C.ministore_options) { o.preallocate_bytes = C.uint64_t(n) })
}

// WithMode sets the permission bits of files made anew. The default is 0600.
func WithMode(mode fs.FileMode) OpenOption {
	return openOption(func(o *C.ministore_options) { o.mode = C.uint32_t(mode) })
}

// WithManualSync leaves syncing to [Journal.Sync]: an append is durable only once a later Sync, Rotate or Close has
// returned. It is for bulk loads: a power loss in between can leave a damaged journal for [Repair].
func WithManualSync() OpenOption {
	return openOption(func(o *C.ministore_options) { o.sync = C.MINISTORE_SYNC_MANUAL })
}

// WithRefuseTornTail makes Open fail with [ErrTorn] at a torn tail, instead of saving it to P.torn and cutting it.
func WithRefuseTornTail() OpenOption {
	return openOption(func(o *C.ministore_options) { o.torn_tail = C.MINISTORE_TORN_TAIL_REFUSE })
}

// WithFrom begins reading at a sequence number: at most the next one, else it is [ErrInvalidArgument]; one older than
// the oldest record is [ErrPruned]. The default, 0, is the oldest record there is.
func WithFrom(sequence uint64) ReadOption {
	return readOption(func(o *C.ministore_cursor_options) { o.from = C.uint64_t(sequence) })
}

// WithAtEnd begins reading behind the last record.
func WithAtEnd() ReadOption {
	return readOption(func(o *C.ministore_cursor_options) { o.at_end = 1 })
}

// WithSkipBadLines goes on behind a bad line, and behind a record that does not fit the type, once its error has been
// handed out. The default is to end at the first error.
func WithSkipBadLines() ReadOption {
	return readOption(func(o *C.ministore_cursor_options) { o.on_bad_line = C.MINISTORE_BAD_LINE_SKIP })
}

// WithoutValidation hands records out without checking that they are JSON, for decoders that are as strict.
func WithoutValidation() ReadOption {
	return readOption(func(o *C.ministore_cursor_options) { o.validate = 0 })
}

// WithDurable tells whether what is new is synced before it is handed out, so that what is acted upon elsewhere is on
// the disk. The default is true for [Follow], false otherwise.
func WithDurable(durable bool) ReadOption {
	return readOption(func(o *C.ministore_cursor_options) {
		o.durable = 0
		if durable {
			o.durable = 1
		}
	})
}

// WithMaxRecordBytes bounds the length of a record, from 1 to 1 GiB. The default is 64 MiB.
func WithMaxRecordBytes(n uint64) MaxRecordBytes { return MaxRecordBytes(n) }

// MaxRecordBytes is what [WithMaxRecordBytes] returns: an option of everything.
type MaxRecordBytes uint64

func (n MaxRecordBytes) applyOpen(c *openConfig)   { c.options.max_record_bytes = C.uint64_t(n) }
func (n MaxRecordBytes) applyRead(c *readConfig)   { c.options.max_record_bytes = C.uint64_t(n) }
func (n MaxRecordBytes) applyVerify(c *careConfig) { c.maxRecordBytes = uint64(n) }
func (n MaxRecordBytes) applyRepair(c *careConfig) { c.maxRecordBytes = uint64(n) }

// WithCodec encodes and decodes records by c instead of by encoding/json, raw types included.
func WithCodec(c Codec) CodecOption { return CodecOption{c} }

// CodecOption is what [WithCodec] returns: an option of [Open] and of the readers.
type CodecOption struct{ codec Codec }

func (o CodecOption) applyOpen(c *openConfig) { c.codec = o.codec }
func (o CodecOption) applyRead(c *readConfig) { c.codec = o.codec }

// WithDryRun makes [Repair] change nothing and only tell what it would do.
func WithDryRun() RepairOption { return dryRun{} }

type dryRun struct{}

func (dryRun) applyRepair(c *careConfig) { c.dryRun = true }
