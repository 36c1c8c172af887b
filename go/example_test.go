package ministore_test

// The examples of the package's documentation; go test runs them and compares what they print.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	ministore "github.com/ministore/ministore/go"
)

type Deposit struct {
	Account string `json:"account"`
	Cents   int64  `json:"cents"`
}

// temporary is where an example's journal lives.
func temporary() (path string, remove func()) {
	folder, err := os.MkdirTemp("", "ministore-example-")
	if err != nil {
		log.Fatal(err)
	}
	return filepath.Join(folder, "deposits.journal"), func() { os.RemoveAll(folder) }
}

func Example() {
	path, remove := temporary()
	defer remove()
	ctx := context.Background()

	j, err := ministore.Open[Deposit](path)
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	for _, d := range []Deposit{{"ann", 1000}, {"bob", 250}, {"ann", -300}} {
		if _, err := j.Append(ctx, d); err != nil { // durable when it returns
			log.Fatal(err)
		}
	}

	balance := map[string]int64{}
	for rec, err := range ministore.Replay[Deposit](path) {
		if err != nil {
			log.Fatal(err)
		}
		balance[rec.Value.Account] += rec.Value.Cents
	}
	fmt.Println(balance)
	// Output: map[ann:700 bob:250]
}

func ExampleJournal_AppendBatch() {
	path, remove := temporary()
	defer remove()
	j, err := ministore.Open[Deposit](path)
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()

	// A transfer is both records or none, whatever happens.
	last, err := j.AppendBatch(context.Background(), []Deposit{{"ann", -500}, {"bob", 500}})
	fmt.Println(last, err)
	// Output: 2 <nil>
}

func ExampleReplay_raw() {
	path, remove := temporary()
	defer remove()
	j, err := ministore.Open[json.RawMessage](path)
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	if _, err := j.Append(context.Background(), json.RawMessage(`{"exactly": "these bytes"}`)); err != nil {
		log.Fatal(err)
	}
	for rec, err := range ministore.Replay[json.RawMessage](path) {
		fmt.Printf("%d %s:%d %s %v\n", rec.Sequence, rec.Segment, rec.Line, rec.Value, err)
	}
	// Output: 1 deposits.journal:2 {"exactly": "these bytes"} <nil>
}

func ExampleFollow() {
	path, remove := temporary()
	defer remove()
	j, err := ministore.Open[string](path)
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for _, word := range []string{"ready", "steady", "go"} {
			if _, err := j.Append(ctx, word); err != nil {
				log.Print(err)
			}
		}
	}()
	for rec, err := range ministore.Follow[string](ctx, path) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(rec.Value)
		if rec.Value == "go" {
			cancel()
		}
	}
	// Output:
	// ready
	// steady
	// go
	// context canceled
}

func ExampleError() {
	path, remove := temporary()
	defer remove()
	if err := os.WriteFile(path, []byte("// MINISTORE JOURNAL v0.1.4\n1\noops\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	for _, err := range ministore.Replay[int](path) {
		var place *ministore.Error
		if errors.Is(err, ministore.ErrCorrupt) && errors.As(err, &place) {
			fmt.Println(place.Segment, place.Line, place.Sequence)
		}
	}
	// Output: deposits.journal 3 2
}

// upperCase is a Codec of its own kind.
type upperCase struct{}

func (upperCase) Marshal(v any) ([]byte, error) { return json.Marshal("UP " + v.(string)) }

func (upperCase) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }

func ExampleWithCodec() {
	path, remove := temporary()
	defer remove()
	j, err := ministore.Open[string](path, ministore.WithCodec(upperCase{}))
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	if _, err := j.Append(context.Background(), "and away"); err != nil {
		log.Fatal(err)
	}
	for rec, err := range ministore.Replay[string](path, ministore.WithCodec(upperCase{})) {
		fmt.Println(rec.Value, err)
	}
	// Output: UP and away <nil>
}

func ExampleOpenCursor() {
	path, remove := temporary()
	defer remove()
	j, err := ministore.Open[int](path)
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	if _, err := j.AppendBatch(context.Background(), []int{1, 2, 3}); err != nil {
		log.Fatal(err)
	}
	c, err := ministore.OpenCursor[int](path, ministore.WithAtEnd())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	info, err := c.Stat() // needs no writer
	fmt.Println(info.FirstSequence, info.NextSequence, err)
	// Output: 1 4 <nil>
}

func ExampleJournal_Prune() {
	path, remove := temporary()
	defer remove()
	ctx := context.Background()
	j, err := ministore.Open[int](path, ministore.WithMaxBytesPerSegment(1))
	if err != nil {
		log.Fatal(err)
	}
	defer j.Close()
	for n := range 5 {
		if _, err := j.Append(ctx, n); err != nil {
			log.Fatal(err)
		}
	}
	removed, err := j.Prune(ctx, 4) // a snapshot holds what came before record 4
	fmt.Println(removed, err)
	for rec := range ministore.Replay[int](path) {
		fmt.Println(rec.Sequence, rec.Value)
	}
	// Output:
	// 3 <nil>
	// 4 3
	// 5 4
}
