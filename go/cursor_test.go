package ministore_test

// Goal: iterators and cursors hand out every record once, in order, with its place; errors come where they belong; and
// no misuse crashes. Method: journals written by the package or byte for byte by the test.

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	ministore "github.com/ministore/ministore/go"
)

const header = "// MINISTORE JOURNAL v0.1.4\n"

func TestPlaces(t *testing.T) {
	path := journalPath(t)
	put(t, path+".001", header+"{\"n\":1}\n {\"n\":2}\r\n")
	put(t, path, header+"{\"n\":3}\n")
	want := []ministore.Record[string]{
		{Value: `{"n":1}`, Sequence: 1, Segment: "j.001", Line: 2, Offset: 28},
		{Value: `{"n":2}`, Sequence: 2, Segment: "j.001", Line: 3, Offset: 37},
		{Value: `{"n":3}`, Sequence: 3, Segment: "j", Line: 2, Offset: 28},
	}
	var got []ministore.Record[string]
	for rec, err := range ministore.Replay[[]byte](path) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ministore.Record[string]{Value: string(rec.Value), Sequence: rec.Sequence, Segment: rec.Segment,
			Line: rec.Line, Offset: rec.Offset})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("expected %+v, got %+v", want, got)
	}
}

func TestAMissingJournalIsEmpty(t *testing.T) {
	if got := replayAll[int](t, journalPath(t)); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestAnIteratorMayBeUsedTwiceAndLeftEarly(t *testing.T) {
	path := journalPath(t)
	appendAll(t, open[int](t, path), 1, 2, 3)
	files := openFiles(t)
	records := ministore.Replay[int](path)
	for range 2 {
		for rec, err := range records {
			if err != nil || rec.Value != 1 {
				t.Fatalf("got %v, %v", rec, err)
			}
			break
		}
	}
	if now := openFiles(t); now != files {
		t.Errorf("%d files were open before, %d are now", files, now)
	}
}

func TestStreamReadsOneFile(t *testing.T) {
	path := journalPath(t)
	appendAll(t, open[int](t, path, ministore.WithMaxBytesPerSegment(1)), 1, 2, 3)
	for name, want := range map[string][]int{path + ".002": {2}, path: nil} {
		var got []int
		for rec, err := range ministore.Stream[int](name) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, rec.Value)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: expected %v, got %v", name, want, got)
		}
	}
}

func outcomes[T any](records iter.Seq2[ministore.Record[T], error]) (values []T, failures []error) {
	for rec, err := range records {
		if err != nil {
			failures = append(failures, err)
		} else {
			values = append(values, rec.Value)
		}
	}
	return values, failures
}

func TestABadLineEndsReadingUnlessSkipped(t *testing.T) {
	path := journalPath(t)
	put(t, path, header+"1\nnonsense\n3\n")
	values, failures := outcomes(ministore.Replay[int](path))
	if !reflect.DeepEqual(values, []int{1}) || len(failures) != 1 {
		t.Fatalf("got %v, %v", values, failures)
	}
	e := wantStatus(t, failures[0], ministore.ErrCorrupt)
	if e.Segment != "j" || e.Line != 3 || e.Sequence != 2 || e.Offset != 30 || e.Path != path {
		t.Errorf("got %+v", e)
	}
	values, failures = outcomes(ministore.Replay[int](path, ministore.WithSkipBadLines()))
	if !reflect.DeepEqual(values, []int{1, 3}) || len(failures) != 1 {
		t.Errorf("got %v, %v", values, failures)
	}
}

func TestARecordThatDoesNotFitNamesItsPlace(t *testing.T) {
	path := journalPath(t)
	put(t, path, header+"1\n\"two\"\n3\n")
	values, failures := outcomes(ministore.Replay[int](path))
	if !reflect.DeepEqual(values, []int{1}) || len(failures) != 1 {
		t.Fatalf("got %v, %v", values, failures)
	}
	e := wantStatus(t, failures[0], ministore.ErrDecode)
	if e.Segment != "j" || e.Line != 3 || e.Sequence != 2 || e.Offset != 30 || !strings.Contains(e.Error(), "j:3") {
		t.Errorf("got %+v", e)
	}
	values, failures = outcomes(ministore.Replay[int](path, ministore.WithSkipBadLines()))
	if !reflect.DeepEqual(values, []int{1, 3}) || len(failures) != 1 {
		t.Errorf("got %v, %v", values, failures)
	}
}

func TestACursorRepeatsTheErrorThatEndedIt(t *testing.T) {
	path := journalPath(t)
	put(t, path, header+"\"one\"\n2\n")
	c, err := ministore.OpenCursor[int](path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		values, failures := outcomes(c.Records())
		if len(values) != 0 || len(failures) != 1 {
			t.Fatalf("got %v, %v", values, failures)
		}
		wantStatus(t, failures[0], ministore.ErrDecode)
	}
}

func TestWithoutValidationTheDecoderStillRefuses(t *testing.T) {
	path := journalPath(t)
	put(t, path, header+"1 2\n")
	values, failures := outcomes(ministore.Replay[int](path, ministore.WithoutValidation()))
	if len(values) != 0 || len(failures) != 1 {
		t.Fatalf("got %v, %v", values, failures)
	}
	wantStatus(t, failures[0], ministore.ErrDecode)
	raw, failures := outcomes(ministore.Replay[[]byte](path, ministore.WithoutValidation()))
	if len(raw) != 1 || string(raw[0]) != "1 2" || failures != nil {
		t.Errorf("got %q, %v", raw, failures)
	}
}

func TestFrom(t *testing.T) {
	path := journalPath(t)
	j := open[int](t, path, ministore.WithMaxBytesPerSegment(1))
	appendAll(t, j, 1, 2, 3, 4)
	if got := replayAll[int](t, path, ministore.WithFrom(3)); !reflect.DeepEqual(got, []int{3, 4}) {
		t.Errorf("got %v", got)
	}
	if _, err := j.Prune(context.Background(), 3); err != nil {
		t.Fatal(err)
	}
	for from, status := range map[uint64]ministore.Status{2: ministore.ErrPruned, 6: ministore.ErrInvalidArgument} {
		_, failures := outcomes(ministore.Replay[int](path, ministore.WithFrom(from)))
		if len(failures) != 1 {
			t.Fatalf("from %d: got %v", from, failures)
		}
		wantStatus(t, failures[0], status)
	}
}

func TestACursorGoesOnWhereItWas(t *testing.T) {
	path := journalPath(t)
	j := open[int](t, path)
	appendAll(t, j, 1, 2, 3)
	c, err := ministore.OpenCursor[int](path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for rec := range c.Records() {
		if rec.Value == 1 {
			break
		}
	}
	if info, err := c.Stat(); err != nil || info.NextSequence != 2 || info.Segments != 1 || info.Bytes != 34 {
		t.Errorf("got %+v, %v", info, err)
	}
	appendAll(t, j, 4)
	values, failures := outcomes(c.Records())
	if !reflect.DeepEqual(values, []int{2, 3, 4}) || failures != nil {
		t.Errorf("got %v, %v", values, failures)
	}
}

func TestFollowGoesOnOverRotations(t *testing.T) {
	const records = 500
	path := journalPath(t)
	j := open[int](t, path, ministore.WithMaxBytesPerSegment(200))
	go func() {
		for i := range records {
			if _, err := j.Append(context.Background(), i); err != nil {
				t.Error(err)
			}
		}
	}()
	want := 0
	for rec, err := range ministore.Follow[int](context.Background(), path) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Value != want || rec.Sequence != uint64(want+1) {
			t.Fatalf("expected %d, got %+v", want, rec)
		}
		if want++; want == records {
			break
		}
	}
}

func TestFollowEndsWithItsContext(t *testing.T) {
	path := journalPath(t)
	appendAll(t, open[int](t, path), 1, 2)
	ctx, cancel := context.WithCancel(context.Background())
	seen := make(chan int, 2)
	go func() {
		<-seen
		<-seen
		cancel() // while the follower waits, or just before
	}()
	values, failures := []int(nil), []error(nil)
	for rec, err := range ministore.Follow[int](ctx, path) {
		if err != nil {
			failures = append(failures, err)
			continue
		}
		values = append(values, rec.Value)
		seen <- rec.Value
	}
	if !reflect.DeepEqual(values, []int{1, 2}) || len(failures) != 1 || !errors.Is(failures[0], context.Canceled) {
		t.Errorf("got %v, %v", values, failures)
	}
}

func TestFollowFromTheEnd(t *testing.T) {
	path := journalPath(t)
	j := open[int](t, path)
	appendAll(t, j, 1)
	c, err := ministore.OpenCursor[int](path, ministore.WithAtEnd())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		if _, err := j.Append(context.Background(), 2); err != nil {
			t.Error(err)
		}
	}()
	if err := c.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	if values, failures := outcomes(c.Records()); !reflect.DeepEqual(values, []int{2}) || failures != nil {
		t.Errorf("got %v, %v", values, failures)
	}
}

func TestAnEndedContextDoesNotDisturbTheNextWait(t *testing.T) {
	path := journalPath(t)
	j := open[int](t, path)
	c, err := ministore.OpenCursor[int](path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range 50 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Microsecond)
		if err := c.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		cancel()
		appendAll(t, j, i)
		if err := c.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		if values, _ := outcomes(c.Records()); !reflect.DeepEqual(values, []int{i}) {
			t.Fatalf("expected %d, got %v", i, values)
		}
	}
}

// countingContext counts the functions that are to run at its end.
type countingContext struct {
	context.Context
	done      chan struct{}
	functions int
}

func (c *countingContext) Done() <-chan struct{} { return c.done }

func (c *countingContext) AfterFunc(func()) (stop func() bool) {
	c.functions++
	return func() bool {
		c.functions--
		return true
	}
}

func TestAWaitLeavesNothingInItsContext(t *testing.T) {
	path := journalPath(t)
	appendAll(t, open[int](t, path), 1)
	c, err := ministore.OpenCursor[int](path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := &countingContext{Context: context.Background(), done: make(chan struct{})}
	if err := c.Wait(ctx); err != nil || ctx.functions != 0 {
		t.Errorf("%d functions are left, %v", ctx.functions, err)
	}
}

func TestCloseEndsAWait(t *testing.T) {
	for range 50 {
		c, err := ministore.OpenCursor[int](journalPath(t))
		if err != nil {
			t.Fatal(err)
		}
		waits := make(chan struct{})
		ended := make(chan error)
		go func() {
			close(waits)
			ended <- c.Wait(context.Background())
		}()
		<-waits
		for range 2 {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-ended; !errors.Is(err, os.ErrClosed) {
			t.Fatalf("got %v", err)
		}
	}
}

func TestACursorAfterClose(t *testing.T) {
	path := journalPath(t)
	appendAll(t, open[int](t, path), 1)
	c, err := ministore.OpenCursor[int](path)
	if err != nil {
		t.Fatal(err)
	}
	records := c.Records()
	c.Close()
	_, failures := outcomes(records)
	_, asked := c.Stat()
	for _, err := range append(failures, asked, c.Wait(context.Background())) {
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
	if len(failures) != 1 {
		t.Errorf("got %v", failures)
	}
}

func TestClosingInsideTheLoop(t *testing.T) {
	path := journalPath(t)
	appendAll(t, open[int](t, path), 1, 2)
	c, err := ministore.OpenCursor[int](path)
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for _, last = range c.Records() {
		c.Close()
	}
	if !errors.Is(last, os.ErrClosed) {
		t.Errorf("got %v", last)
	}
}

func TestPulledIteratorsOutliveTheirJournal(t *testing.T) {
	path := journalPath(t)
	j := open[string](t, path)
	appendAll(t, j, "a", "b")
	next, stop := iter.Pull2(ministore.Replay[string](path))
	first, err, ok := next()
	if !ok || err != nil {
		t.Fatal(err)
	}
	j.Close()
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	second, err, ok := next()
	if !ok || err != nil || first.Value != "a" || second.Value != "b" {
		t.Errorf("got %v, %v, %v", first, second, err)
	}
	stop()
	stop()
	if _, _, ok := next(); ok {
		t.Error("an iterator goes on after stop")
	}
}

func TestLostCursorsAreCollected(t *testing.T) {
	path := journalPath(t)
	appendAll(t, open[int](t, path), 1)
	files := openFiles(t)
	for range 100 {
		c, err := ministore.OpenCursor[int](path)
		if err != nil {
			t.Fatal(err)
		}
		for range c.Records() {
			break
		}
	}
	for openFiles(t) > files {
		runtime.GC()
		runtime.Gosched()
	}
}

func TestVerifyAndRepair(t *testing.T) {
	path := journalPath(t)
	put(t, path, header+"1\nnonsense\n3\n")
	info, err := ministore.Verify(path)
	if e := wantStatus(t, err, ministore.ErrCorrupt); e.Line != 3 || info.Problems != 1 || info.Records != 2 {
		t.Errorf("got %+v, %v", info, err)
	}
	for _, opts := range [][]ministore.RepairOption{{ministore.WithDryRun()}, nil} {
		done, err := ministore.Repair(path, opts...)
		if err != nil || done.CutBytes != 11 || done.CutLines != 2 || done.CutRecords != 1 || done.NextSequence != 2 {
			t.Fatalf("got %+v, %v", done, err)
		}
	}
	if got := replayAll[int](t, path); !reflect.DeepEqual(got, []int{1}) {
		t.Errorf("got %v", got)
	}
	if cut, err := os.ReadFile(path + ".torn"); err != nil || string(cut) != "nonsense\n3\n" {
		t.Errorf("got %q, %v", cut, err)
	}
}

func TestNothingLeaks(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "j")
	j := open[int](t, path, ministore.WithManualSync())
	round := func() {
		for range leakAppends {
			appendAll(t, j, 7)
		}
		for range 100 {
			if _, err := ministore.Open[int](path); err == nil {
				t.Fatal("two writers")
			}
			c, err := ministore.OpenCursor[int](path, ministore.WithFrom(1))
			if err != nil {
				t.Fatal(err)
			}
			for range c.Records() {
				break
			}
			c.Close()
		}
	}
	round()
	runtime.GC()
	memory, files, goroutines := residentBytes(t), openFiles(t), runtime.NumGoroutine()
	for range 10 {
		round()
	}
	runtime.GC()
	if grown := residentBytes(t) - memory; grown > 32<<20 && !instrumented {
		t.Errorf("%d appends took %d bytes", 10*leakAppends, grown)
	}
	if now := openFiles(t); now > files {
		t.Errorf("%d files were open, %d are now", files, now)
	}
	for runtime.NumGoroutine() > goroutines {
		runtime.Gosched()
	}
}
