package ministore_test

// Replay and Stream read and decode ahead in goroutines: nobody may notice but by the time it takes.

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	ministore "github.com/ministore/ministore/go"
)

// counted is a journal of the records 1 to n, in more than one batch if n is some thousands.
func counted(t *testing.T, n int) string {
	path := journalPath(t)
	var text strings.Builder
	text.WriteString(header)
	for i := range n {
		fmt.Fprintf(&text, "%d\n", i+1)
	}
	put(t, path, text.String())
	return path
}

func TestReadAheadKeepsOrderAndPlaces(t *testing.T) {
	path := counted(t, 20_000)
	want := 0
	for rec, err := range ministore.Replay[int](path) {
		want++
		if err != nil || rec.Value != want || rec.Sequence != uint64(want) || rec.Line != uint64(want)+1 {
			t.Fatalf("record %d: %+v, %v", want, rec, err)
		}
	}
	if want != 20_000 {
		t.Fatalf("%d records", want)
	}
}

func TestALoopLeftEarlyLeavesNoGoroutine(t *testing.T) {
	path := counted(t, 20_000)
	before := runtime.NumGoroutine()
	for left := range 50 {
		n := 0
		for range ministore.Replay[int](path) {
			if n++; n > left*left {
				break
			}
		}
		// The goroutines use a channel last, so they may still be on their way out of it.
		for runtime.NumGoroutine() > before {
			runtime.Gosched()
		}
	}
}

// watched is encoding/json, and tells each record before it is decoded.
type watched struct{ before func(record string) }

func (watched) Marshal(v any) ([]byte, error) { return json.Marshal(v) }

func (w watched) Unmarshal(data []byte, v any) error {
	w.before(string(data))
	return json.Unmarshal(data, v)
}

func TestRecordsDecodedAtTheSameTimeKeepTheirOrder(t *testing.T) {
	later := make(chan struct{})
	codec := watched{func(record string) {
		switch record {
		case "1":
			<-later
		case "200":
			close(later)
		}
	}}
	want := 0
	for rec, err := range ministore.Replay[int](counted(t, 1000), ministore.WithCodec(codec)) {
		if want++; err != nil || rec.Value != want || rec.Sequence != uint64(want) {
			t.Fatalf("record %d: %+v, %v", want, rec, err)
		}
	}
	if want != 1000 {
		t.Errorf("%d records", want)
	}
}

func TestALoopLeftEarlyHasFewRecordsDecoded(t *testing.T) {
	const each = 500 // for one processor
	n := each * runtime.GOMAXPROCS(0)
	var decoded atomic.Int64
	codec := watched{func(string) { decoded.Add(1) }}
	for range ministore.Replay[int](counted(t, 4*n), ministore.WithCodec(codec)) {
		break
	}
	if got := decoded.Load(); got == 0 || got > int64(n) {
		t.Errorf("%d records were decoded for one", got)
	}
}

// explosive is encoding/json, but does something else at the record 300.
type explosive struct{ instead func() }

func (explosive) Marshal(v any) ([]byte, error) { return json.Marshal(v) }

func (e explosive) Unmarshal(data []byte, v any) error {
	if string(data) == "300" {
		e.instead()
	}
	return json.Unmarshal(data, v)
}

func TestAPanicOfTheCodecReachesTheLoop(t *testing.T) {
	path := counted(t, 1000)
	read := 0
	defer func() {
		if got := recover(); got != "three hundred" || read != 299 {
			t.Errorf("recovered %v after %d records", got, read)
		}
	}()
	for range ministore.Replay[int](path, ministore.WithCodec(explosive{func() { panic("three hundred") }})) {
		read++
	}
	t.Error("the loop has ended")
}

func TestACodecThatEndsItsGoroutineEndsTheLoops(t *testing.T) {
	path := counted(t, 1000)
	wentOn := false
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		for range ministore.Replay[int](path, ministore.WithCodec(explosive{runtime.Goexit})) {
		}
		wentOn = true
	}()
	done.Wait()
	if wentOn {
		t.Error("a journal cut short looks like a whole one")
	}
}

func TestReadAheadHandsOutErrorsInTheirOrder(t *testing.T) {
	path := journalPath(t)
	put(t, path, header+strings.Repeat("1\n", 300)+"\"x\"\n2\n{bad\n3\n\"y\"\n")
	var got []string
	for rec, err := range ministore.Replay[int](path, ministore.WithSkipBadLines()) {
		switch {
		case errors.Is(err, ministore.ErrDecode), errors.Is(err, ministore.ErrCorrupt):
			got = append(got, fmt.Sprint("error ", rec.Sequence))
		case err != nil:
			t.Fatal(err)
		case rec.Value > 1:
			got = append(got, fmt.Sprint(rec.Value, " is ", rec.Sequence))
		}
	}
	want := []string{"error 301", "2 is 302", "error 0", "3 is 304", "error 305"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNumbersInInterfacesStayAsTheyAreWritten(t *testing.T) {
	path := journalPath(t)
	put(t, path, header+`{"n":9007199254740993}`+"\n")
	type inside struct {
		Deep map[string][]*struct{ Any any } `json:"-"`
		N    any                             `json:"n"`
	}
	for rec, err := range ministore.Replay[inside](path) {
		if err != nil || rec.Value.N != json.Number("9007199254740993") {
			t.Errorf("%#v, %v", rec.Value.N, err)
		}
	}
	for rec, err := range ministore.Replay[map[string]any](path) {
		if err != nil || rec.Value["n"] != json.Number("9007199254740993") {
			t.Errorf("%#v, %v", rec.Value, err)
		}
	}
}
