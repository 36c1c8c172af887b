// Command bench-go measures the Go package. Works: append, replay (as=raw|borrowed|typed, validate=0|1), lines (the same decoder
// over the lines in memory), nothing (to see how long a program takes to start).
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"

	ministore "github.com/ministore/ministore/go"

	"github.com/ministore/ministore/bench/go/harness"
)

func runAppend() {
	options := []ministore.OpenOption{ministore.WithMaxBytesPerSegment(1 << 62)}
	if step := harness.Number("preallocate", 0); step > 0 {
		options = append(options, ministore.WithPreallocateBytes(uint64(step)))
	}
	journal, err := ministore.Open[json.RawMessage]("j", options...)
	harness.Must(err)
	record, none := json.RawMessage(harness.Record()), context.Background()
	harness.MeasureAppends(func(int) {
		_, err := journal.Append(none, record)
		harness.Must(err)
	})
	harness.Must(journal.Close())
}

func count[T any](options ...ministore.ReadOption) int {
	records := 0
	for _, err := range ministore.Replay[T](harness.Text("path", "j"), options...) {
		harness.Must(err)
		records++
	}
	return records
}

func runReplay() {
	harness.MeasurePasses(func() int {
		var options []ministore.ReadOption
		if harness.Number("validate", 1) == 0 {
			options = append(options, ministore.WithoutValidation())
		}
		switch harness.Text("as", "raw") {
		case "typed":
			return count[harness.Event](options...)
		case "borrowed":
			return count[ministore.Borrowed](options...)
		}
		return count[json.RawMessage](options...)
	})
}

// runLines decodes lines that are in memory already: what replay into types is held against.
func runLines() {
	content, err := os.ReadFile(harness.Text("path", "j"))
	harness.Must(err)
	_, content, _ = bytes.Cut(content, []byte("\n"))
	harness.MeasurePasses(func() int {
		records := 0
		for rest := content; len(rest) > 0; records++ {
			var line []byte
			var event harness.Event
			line, rest, _ = bytes.Cut(rest, []byte("\n"))
			harness.Must(json.Unmarshal(line, &event))
		}
		return records
	})
}

func main() {
	harness.Run(map[string]func(){"append": runAppend, "replay": runReplay, "lines": runLines, "nothing": func() {}})
}
