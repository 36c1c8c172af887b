package ministore_test

// Goal: appending from Go keeps the promises of Append, AppendBatch and Close, from one goroutine and from a thousand.
// Method: append, close, and read back through the package or as plain text.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"testing"

	ministore "github.com/ministore/ministore/go"
)

type event struct {
	ID    uint64   `json:"id"`
	Name  string   `json:"name"`
	Score float64  `json:"score"`
	Tags  []string `json:"tags"`
}

func open[T any](t testing.TB, path string, opts ...ministore.OpenOption) *ministore.Journal[T] {
	t.Helper()
	j, err := ministore.Open[T](path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func journalPath(t testing.TB) string { return filepath.Join(t.TempDir(), "j") }

func appendAll[T any](t testing.TB, j *ministore.Journal[T], values ...T) {
	t.Helper()
	for _, v := range values {
		if _, err := j.Append(context.Background(), v); err != nil {
			t.Fatal(err)
		}
	}
}

func replayAll[T any](t testing.TB, path string, opts ...ministore.ReadOption) (values []T) {
	t.Helper()
	for rec, err := range ministore.Replay[T](path, opts...) {
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, rec.Value)
	}
	return values
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantStatus(t testing.TB, err error, status ministore.Status) *ministore.Error {
	t.Helper()
	var e *ministore.Error
	if !errors.Is(err, status) || !errors.As(err, &e) {
		t.Fatalf("expected %v, got %v", status, err)
	}
	return e
}

func TestValuesComeBackEqual(t *testing.T) {
	path := journalPath(t)
	events := []event{
		{ID: math.MaxUint64, Name: "<tag> & \u2028 \"ü\" \U0001F600", Score: 0.1, Tags: []string{}},
		{ID: 9007199254740993, Score: math.SmallestNonzeroFloat64, Tags: nil},
		{Name: "\x00\n\t\\", Score: -math.MaxFloat64, Tags: []string{"a", ""}},
	}
	appendAll(t, open[event](t, path), events...)
	if got := replayAll[event](t, path); !reflect.DeepEqual(got, events) {
		t.Errorf("expected %+v, got %+v", events, got)
	}
}

func TestIntegersInInterfaceValuesAreNotRounded(t *testing.T) {
	path := journalPath(t)
	const text = `{"big":9007199254740993,"list":[],"none":null,"object":{}}`
	appendAll(t, open[json.RawMessage](t, path), json.RawMessage(text))
	values := replayAll[any](t, path)
	back, err := json.Marshal(values[0])
	if err != nil || string(back) != text {
		t.Errorf("expected %s, got %s (%v)", text, back, err)
	}
}

func TestTextsStayAsPeopleReadThem(t *testing.T) {
	path := journalPath(t)
	appendAll(t, open[string](t, path), "a < b && ü")
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "// MINISTORE JOURNAL v0.1.4\n\"a < b && ü\"\n" {
		t.Errorf("got %q (%v)", text, err)
	}
}

func TestRawRecordsKeepTheirBytes(t *testing.T) {
	path := journalPath(t)
	j := open[[]byte](t, path)
	appendAll(t, j, []byte(`{"a": 1.0,  "a":2}`), []byte(" \t[ ]\r\n"))
	got := replayAll[json.RawMessage](t, path)
	if len(got) != 2 || string(got[0]) != `{"a": 1.0,  "a":2}` || string(got[1]) != "[ ]" {
		t.Errorf("got %q", got)
	}
}

func TestRawRecordsMayBeKeptAndChanged(t *testing.T) {
	path := journalPath(t)
	j := open[[]byte](t, path, ministore.WithManualSync())
	record := []byte(`"` + strings.Repeat("x", 1000) + `"`)
	for range 2000 {
		appendAll(t, j, record)
	}
	kept := replayAll[[]byte](t, path)
	_ = append(kept[0], "overwrites its neighbour, if it can"...)
	clear(kept[2])
	for i, r := range kept {
		if i != 2 && !bytes.Equal(r, record) {
			t.Fatalf("record %d has changed: %q", i+1, r)
		}
	}
}

func TestSequenceNumbersGoOn(t *testing.T) {
	path := journalPath(t)
	for want := uint64(1); want < 6; want++ {
		j := open[int](t, path)
		if got, err := j.Append(context.Background(), 0); got != want || err != nil {
			t.Fatalf("expected number %d, got %d (%v)", want, got, err)
		}
		if err := errors.Join(j.Rotate(context.Background()), j.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABatchIsOneCommit(t *testing.T) {
	path := journalPath(t)
	j := open[int](t, path)
	last, err := j.AppendBatch(context.Background(), []int{1, 2, 3})
	if last != 3 || err != nil {
		t.Fatalf("got %d, %v", last, err)
	}
	if last, err := j.AppendBatch(context.Background(), nil); last != 0 || err != nil {
		t.Errorf("an empty batch gives %d, %v", last, err)
	}
	text, _ := os.ReadFile(path)
	if want := "// MINISTORE JOURNAL v0.1.4\n1\t\n2\t\n3\n"; string(text) != want {
		t.Errorf("expected %q, got %q", want, text)
	}
}

func TestARefusedRecordWritesNothing(t *testing.T) {
	j := open[json.RawMessage](t, journalPath(t), ministore.WithMaxRecordBytes(10))
	for _, row := range []struct {
		record string
		status ministore.Status
		offset uint64
	}{
		{`{"a":`, ministore.ErrInvalidJSON, 5},
		{` [1,]`, ministore.ErrInvalidJSON, 4},
		{"[\n1]", ministore.ErrInvalidJSON, 1},
		{"", ministore.ErrInvalidJSON, 0},
		{"\"\xff\"", ministore.ErrInvalidJSON, 1},
		{"12345678901", ministore.ErrTooLarge, 0},
	} {
		_, err := j.Append(context.Background(), json.RawMessage(row.record))
		if e := wantStatus(t, err, row.status); e.Line != 1 || e.Offset != row.offset {
			t.Errorf("%q: expected byte %d of record 1, got byte %d of record %d", row.record, row.offset, e.Offset, e.Line)
		}
		_, err = j.AppendBatch(context.Background(), []json.RawMessage{json.RawMessage("1"), json.RawMessage(row.record)})
		if e := wantStatus(t, err, row.status); e.Line != 2 || e.Offset != row.offset {
			t.Errorf("%q: expected byte %d of record 2, got byte %d of record %d", row.record, row.offset, e.Offset, e.Line)
		}
	}
	if info, err := j.Stat(context.Background()); err != nil || info.NextSequence != 1 {
		t.Errorf("something was written: %+v, %v", info, err)
	}
}

func TestWhatHasNoEncodingIsRefused(t *testing.T) {
	j := open[float64](t, journalPath(t))
	_, err := j.AppendBatch(context.Background(), []float64{1, math.NaN()})
	var cause *json.UnsupportedValueError
	if e := wantStatus(t, err, ministore.ErrInvalidJSON); e.Line != 2 || !errors.As(err, &cause) {
		t.Errorf("got %v", err)
	}
}

func TestManyGoroutines(t *testing.T) {
	const goroutines, each = 1000, 20
	path := journalPath(t)
	j := open[string](t, path, ministore.WithMaxBytesPerSegment(100_000))
	before := pprof.Lookup("threadcreate").Count()
	sequences := make([][]uint64, goroutines)
	var all sync.WaitGroup
	for g := range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range each {
				n, err := j.Append(context.Background(), fmt.Sprint(g, " ", i))
				if err != nil {
					t.Error(err)
				}
				sequences[g] = append(sequences[g], n)
			}
		}()
	}
	all.Wait()
	if started := pprof.Lookup("threadcreate").Count() - before; started > 50 {
		t.Errorf("%d goroutines took %d threads", goroutines, started)
	}
	records := map[uint64]string{}
	for rec, err := range ministore.Replay[string](path) {
		if err != nil {
			t.Fatal(err)
		}
		records[rec.Sequence] = rec.Value
	}
	if len(records) != goroutines*each {
		t.Fatalf("expected %d records, got %d", goroutines*each, len(records))
	}
	for g, numbers := range sequences {
		for i, n := range numbers {
			if want := fmt.Sprint(g, " ", i); records[n] != want {
				t.Fatalf("record %d is %q, but Append of %q returned that number", n, records[n], want)
			}
		}
	}
}

func TestARefusedRecordFailsAloneAmongOthers(t *testing.T) {
	j := open[json.RawMessage](t, journalPath(t))
	var all sync.WaitGroup
	for i := range 200 {
		all.Add(1)
		go func() {
			defer all.Done()
			record, bad := json.RawMessage("1"), i%4 == 0
			if bad {
				record = json.RawMessage("nonsense")
			}
			if _, err := j.Append(context.Background(), record); errors.Is(err, ministore.ErrInvalidJSON) != bad {
				t.Errorf("append of %s gives %v", record, err)
			}
		}()
	}
	all.Wait()
	if info, _ := j.Stat(context.Background()); info.NextSequence != 151 {
		t.Errorf("expected 150 records, got %d", info.NextSequence-1)
	}
}

func TestOneWriter(t *testing.T) {
	path := journalPath(t)
	j := open[int](t, path)
	_, err := ministore.Open[int](path)
	if e := wantStatus(t, err, ministore.ErrLocked); e.Path != path || !strings.Contains(err.Error(), path) {
		t.Errorf("the error does not name the path: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	open[int](t, path)
}

func TestErrorsReachTheSystemsNumber(t *testing.T) {
	folder := t.TempDir()
	put(t, filepath.Join(folder, "file"), "")
	_, err := ministore.Open[int](filepath.Join(folder, "file", "j"))
	if e := wantStatus(t, err, ministore.ErrIO); e.Errno != syscall.ENOTDIR || !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("got %v with %v", err, e.Errno)
	}
	for _, err := range ministore.Stream[int](filepath.Join(folder, "missing")) {
		if wantStatus(t, err, ministore.ErrIO); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	}
	_, err = ministore.Open[int]("nul\x00inside")
	wantStatus(t, err, ministore.ErrInvalidArgument)
}

func TestNonsenseOptionsAreErrors(t *testing.T) {
	for _, option := range []ministore.OpenOption{
		ministore.WithMaxBytesPerSegment(0), ministore.WithMaxSegments(0), ministore.WithMaxRecordBytes(0),
		ministore.WithMode(os.ModeSetuid | 0o600), ministore.WithMaxRecordBytes(1 << 40),
	} {
		path := journalPath(t)
		_, err := ministore.Open[int](path, option)
		wantStatus(t, err, ministore.ErrInvalidArgument)
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a file was made: %v", err)
		}
	}
	_, err := ministore.OpenCursor[int](journalPath(t), ministore.WithMaxRecordBytes(0))
	wantStatus(t, err, ministore.ErrInvalidArgument)
}

func TestAfterClose(t *testing.T) {
	j := open[int](t, journalPath(t))
	appendAll(t, j, 1)
	for range 3 {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	_, appended := j.Append(ctx, 1)
	_, batch := j.AppendBatch(ctx, []int{1})
	_, empty := j.AppendBatch(ctx, nil)
	_, pruned := j.Prune(ctx, 1)
	_, asked := j.Stat(ctx)
	for i, err := range []error{appended, batch, empty, j.Sync(ctx), j.Rotate(ctx), pruned, asked} {
		if wantStatus(t, err, ministore.ErrInvalidArgument); !errors.Is(err, os.ErrClosed) {
			t.Errorf("call %d gives %v", i, err)
		}
	}
}

func TestCloseWaitsForAppendsUnderWay(t *testing.T) {
	path := journalPath(t)
	j := open[int](t, path)
	var all sync.WaitGroup
	var mutex sync.Mutex
	done := 0
	for range 200 {
		all.Add(1)
		go func() {
			defer all.Done()
			_, err := j.Append(context.Background(), 1)
			if err != nil && !errors.Is(err, os.ErrClosed) {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			if err == nil {
				done++
			}
		}()
	}
	for range 3 {
		runtime.Gosched()
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if got := len(replayAll[int](t, path)); got != done {
		t.Errorf("%d appends succeeded, %d records are there", done, got)
	}
}

func TestALostJournalGivesItsLockFree(t *testing.T) {
	path := journalPath(t)
	func() {
		j, err := ministore.Open[int](path)
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, j, 1)
	}()
	for {
		runtime.GC()
		j, err := ministore.Open[int](path)
		if err == nil {
			j.Close()
			return
		}
		wantStatus(t, err, ministore.ErrLocked)
		runtime.Gosched()
	}
}

func TestManualSync(t *testing.T) {
	j := open[int](t, journalPath(t), ministore.WithManualSync())
	appendAll(t, j, 1, 2)
	before, err := j.Stat(context.Background())
	if err != nil || before.DurableSequence != 0 || before.NextSequence != 3 {
		t.Fatalf("got %+v, %v", before, err)
	}
	if err := j.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
	if after, err := j.Stat(context.Background()); err != nil || after.DurableSequence != 2 {
		t.Errorf("got %+v, %v", after, err)
	}
}

func TestPruneAndRetention(t *testing.T) {
	path := journalPath(t)
	j := open[int](t, path, ministore.WithMaxBytesPerSegment(1))
	appendAll(t, j, 1, 2, 3, 4)
	if removed, err := j.Prune(context.Background(), 3); removed != 2 || err != nil {
		t.Fatalf("got %d, %v", removed, err)
	}
	if got := replayAll[int](t, path); !reflect.DeepEqual(got, []int{3, 4}) {
		t.Errorf("got %v", got)
	}
	_, err := j.Prune(context.Background(), 6)
	wantStatus(t, err, ministore.ErrInvalidArgument)

	few := journalPath(t)
	appendAll(t, open[int](t, few, ministore.WithMaxBytesPerSegment(1), ministore.WithMaxSegments(2)), 1, 2, 3)
	if got := replayAll[int](t, few); !reflect.DeepEqual(got, []int{3}) {
		t.Errorf("got %v", got)
	}
}

func TestMode(t *testing.T) {
	path := journalPath(t)
	open[int](t, path, ministore.WithMode(0o640))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

func TestAFullDiskIsRolledBack(t *testing.T) {
	path := journalPath(t)
	j := open[string](t, path)
	appendAll(t, j, "before")
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	ignoreSIGXFSZ(t)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := j.Append(context.Background(), strings.Repeat("x", 5000))
	if restore := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); restore != nil {
		t.Fatal(restore)
	}
	if wantStatus(t, err, ministore.ErrNoSpace); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("got %v", err)
	}
	appendAll(t, j, "after")
	if got := replayAll[string](t, path); !reflect.DeepEqual(got, []string{"before", "after"}) {
		t.Errorf("got %q", got)
	}
}

func TestATornTailIsCutOrRefused(t *testing.T) {
	path := journalPath(t)
	const text = "// MINISTORE JOURNAL v0.1.4\n1\n23"
	put(t, path, text)
	_, err := ministore.Open[int](path, ministore.WithRefuseTornTail())
	wantStatus(t, err, ministore.ErrTorn)
	if got, _ := os.ReadFile(path); string(got) != text {
		t.Errorf("the file has changed: %q", got)
	}
	info, err := open[int](t, path).Stat(context.Background())
	if err != nil || info.TornBytes != 2 || info.TornOffset != 30 || info.NextSequence != 2 {
		t.Errorf("got %+v, %v", info, err)
	}
}

func TestPreallocationIsTrimmedAtClose(t *testing.T) {
	path := journalPath(t)
	j := open[int](t, path, ministore.WithPreallocateBytes(1<<16))
	appendAll(t, j, 1)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "// MINISTORE JOURNAL v0.1.4\n1\n" {
		t.Errorf("got %d bytes", len(text))
	}
}
