package ministore_test

// Records in memory that is used again.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"runtime"
	"testing"

	ministore "github.com/ministore/ministore/go"
)

const someRecords = 20_000 // of several batches

// spread makes a journal of records that differ in content and in size.
func spread(t *testing.T) string {
	path := journalPath(t)
	var records []ministore.Borrowed
	for i := range someRecords {
		records = append(records, fmt.Appendf(nil, `{"n":%d,"x":"%0*d"}`, i, i%100, 0))
	}
	if _, err := open[ministore.Borrowed](t, path).AppendBatch(context.Background(), records); err != nil {
		t.Fatal(err)
	}
	return path
}

// compare holds borrowed records to such that are kept.
func compare(t *testing.T, path string, borrowed iter.Seq2[ministore.Record[ministore.Borrowed], error]) {
	t.Helper()
	var kept []ministore.Record[json.RawMessage]
	for rec, err := range ministore.Replay[json.RawMessage](path) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, rec)
	}
	read := 0
	for rec, err := range borrowed {
		k := kept[read]
		same := rec.Sequence == k.Sequence && rec.Line == k.Line && rec.Offset == k.Offset && rec.Segment == k.Segment
		if err != nil || !same || !bytes.Equal(rec.Value, k.Value) {
			t.Fatalf("record %d is %v, %v instead of %v", read, rec, err, k)
		}
		if read++; read == someRecords {
			break // a follower would wait
		}
	}
	if read != someRecords || len(kept) != someRecords {
		t.Errorf("read %d and %d records", read, len(kept))
	}
}

func TestBorrowedRecordsAreTheSame(t *testing.T) {
	path := spread(t)
	compare(t, path, ministore.Replay[ministore.Borrowed](path))
	compare(t, path, ministore.Stream[ministore.Borrowed](path))
	compare(t, path, ministore.Follow[ministore.Borrowed](context.Background(), path))
	c, err := ministore.OpenCursor[ministore.Borrowed](path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	compare(t, path, c.Records())
}

// allocated is how many bytes of garbage and memory reading a journal makes.
func allocated[T any](t *testing.T, path string) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, err := range ministore.Replay[T](path) {
		if err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestBorrowedRecordsUseTheirMemoryAgain(t *testing.T) {
	path := spread(t)
	borrowed, kept := allocated[ministore.Borrowed](t, path), allocated[json.RawMessage](t, path)
	if borrowed > kept*3/4 { // a few buffers, of growing sizes, instead of one for each batch
		t.Errorf("%d bytes, and %d of records that are kept", borrowed, kept)
	}
}
