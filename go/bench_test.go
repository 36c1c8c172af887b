package ministore_test

// Benchmarks beside what they are measured against: durable appends beside write and fdatasync by hand, replay beside
// a scanner over the file's lines.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	ministore "github.com/ministore/ministore/go"
)

// record120 is an ordinary record of 120 bytes.
var record120 = json.RawMessage(`{"id":1234567,"name":"` + strings.Repeat("n", 40) + `","score":0.5,` +
	`"tags":["a","b"],"on":true,"note":"` + strings.Repeat("t", 10) + `"}`)

type ordinary struct {
	ID    int      `json:"id"`
	Name  string   `json:"name"`
	Score float64  `json:"score"`
	Tags  []string `json:"tags"`
	On    bool     `json:"on"`
	Note  string   `json:"note"`
}

func BenchmarkAppendBare(b *testing.B) {
	file, err := os.Create(journalPath(b))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	line := append(bytes.Clone(record120), '\n')
	b.ResetTimer()
	for range b.N {
		if _, err := file.Write(line); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(file.Fd())); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppendInTurns takes turns with the bare loop, since the rate of a disk wavers; ns/op is that of both.
func BenchmarkAppendInTurns(b *testing.B) {
	j := open[json.RawMessage](b, journalPath(b))
	file, err := os.Create(journalPath(b))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	line := append(bytes.Clone(record120), '\n')
	var spent [2]time.Duration
	b.ResetTimer()
	for range b.N {
		begin := time.Now()
		if _, err := j.Append(context.Background(), record120); err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		if _, err := file.Write(line); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(file.Fd())); err != nil {
			b.Fatal(err)
		}
		spent[0] += between.Sub(begin)
		spent[1] += time.Since(between)
	}
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "of-bare")
}

func BenchmarkAppend(b *testing.B) {
	for _, goroutines := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			j := open[json.RawMessage](b, journalPath(b))
			b.ResetTimer()
			appendFrom(b, j, goroutines)
		})
	}
}

// appendFrom shares b.N appends among goroutines.
func appendFrom(b *testing.B, j *ministore.Journal[json.RawMessage], goroutines int) {
	var begun atomic.Int64
	var all sync.WaitGroup
	for range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			for begun.Add(1) <= int64(b.N) {
				if _, err := j.Append(context.Background(), record120); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	all.Wait()
}

func BenchmarkAppendManualSync(b *testing.B) {
	j := open[json.RawMessage](b, journalPath(b), ministore.WithManualSync())
	b.ReportAllocs()
	b.ResetTimer()
	appendFrom(b, j, 1)
}

func BenchmarkAppendPreallocated(b *testing.B) {
	j := open[json.RawMessage](b, journalPath(b), ministore.WithPreallocateBytes(4<<20))
	b.ResetTimer()
	appendFrom(b, j, 1)
}

const benchRecords = 400_000

// replayJournal is a journal of benchRecords records, in batches without marks in their way.
func replayJournal(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "j")
	put(b, path, header+strings.Repeat(string(record120)+"\n", benchRecords))
	b.SetBytes(int64(benchRecords * (len(record120) + 1)))
	b.ReportAllocs()
	b.ResetTimer()
	return path
}

func reportRecords(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchRecords/b.Elapsed().Seconds(), "records/s")
}

func benchmarkReplay[T any](b *testing.B, opts ...ministore.ReadOption) {
	path := replayJournal(b)
	for range b.N {
		n := 0
		for _, err := range ministore.Replay[T](path, opts...) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != benchRecords {
			b.Fatalf("%d records", n)
		}
	}
	reportRecords(b)
}

func BenchmarkReplayRaw(b *testing.B) { benchmarkReplay[json.RawMessage](b) }

func BenchmarkReplayRawWithoutValidation(b *testing.B) {
	benchmarkReplay[json.RawMessage](b, ministore.WithoutValidation())
}

func BenchmarkReplayTyped(b *testing.B) { benchmarkReplay[ordinary](b) }

// scan is a loop over the file's lines by hand.
func scan(b *testing.B, use func(line []byte)) {
	path := replayJournal(b)
	for range b.N {
		file, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			use(lines.Bytes())
		}
		file.Close()
	}
	reportRecords(b)
}

func BenchmarkScanBare(b *testing.B) { scan(b, func([]byte) {}) }

func BenchmarkScanTyped(b *testing.B) {
	scan(b, func(line []byte) {
		var v ordinary
		if line[0] != '/' && json.Unmarshal(line, &v) != nil {
			b.Fatalf("%q", line)
		}
	})
}
