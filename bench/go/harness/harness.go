// Package harness is what the benchmark's Go programs share: arguments, records, writers that take a turn, result lines.
// A program is called PROGRAM WORK [KEY=VALUE]... and prints {"name":,"value":,"unit":}.
package harness

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// RecordBytes is the size of each record; its line has one byte more.
	RecordBytes = 120
	pattern     = `{"id":100000000,"user":"ada.lovelace","amount":12.5,"currency":"EUR",` +
		`"note":"paid in full, thanks!","ok":true,"n":[1,2]}`
)

// Event is the record as a type.
type Event struct {
	ID       uint64  `json:"id"`
	User     string  `json:"user"`
	Amount   float64 `json:"amount"`
	Currency string  `json:"currency"`
	Note     string  `json:"note"`
	OK       bool    `json:"ok"`
	N        []int   `json:"n"`
}

// Record is the record's text.
func Record() []byte { return []byte(pattern) }

// Must ends the program if something failed.
func Must(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
		os.Exit(1)
	}
}

// Text is the value of an argument KEY=VALUE.
func Text(key, otherwise string) string {
	for _, argument := range os.Args[min(2, len(os.Args)):] {
		if value, found := strings.CutPrefix(argument, key+"="); found {
			return value
		}
	}
	return otherwise
}

// Number is Text as a number.
func Number(key string, otherwise int) int {
	value, err := strconv.Atoi(Text(key, strconv.Itoa(otherwise)))
	Must(err)
	return value
}

func turn() time.Duration {
	value, err := strconv.ParseFloat(Text("seconds", "1"), 64)
	Must(err)
	return time.Duration(value * float64(time.Second))
}

func answer(value float64, unit string) {
	fmt.Printf("{\"name\":\"rate\",\"value\":%g,\"unit\":%q}\n", value, unit)
}

// MeasureAppends lets writers=N goroutines call write, which appends batch=N records, until the turn is over or
// records=N are written.
func MeasureAppends(write func(batch int)) {
	writers, batch := Number("writers", 1), Number("batch", 1)
	most := Number("records", 1<<62) / writers
	var all sync.WaitGroup
	var total atomic.Int64
	start := time.Now()
	end := start.Add(turn())
	for range writers {
		all.Add(1)
		go func() {
			defer all.Done()
			done := 0
			for done < most && time.Now().Before(end) {
				write(batch)
				done += batch
			}
			total.Add(int64(done))
		}()
	}
	all.Wait()
	answer(float64(total.Load())/time.Since(start).Seconds(), "records/s")
}

// MeasurePasses calls pass, which returns how many records it went over, until the turn is over; the median of the
// passes counts, without the first if there are more.
func MeasurePasses(pass func() int) {
	var rates []float64
	start := time.Now()
	for len(rates) == 0 || time.Since(start) < turn() {
		begun := time.Now()
		records := pass()
		if want := Number("records", records); records != want {
			Must(fmt.Errorf("%d records instead of %d", records, want))
		}
		rates = append(rates, float64(records*(RecordBytes+1))/1e6/time.Since(begun).Seconds())
	}
	if len(rates) > 1 {
		rates = rates[1:]
	}
	slices.Sort(rates)
	answer(rates[len(rates)/2], "MB/s")
}

// Run does the work that was asked for.
func Run(works map[string]func()) {
	if len(os.Args) > 1 {
		if work, there := works[os.Args[1]]; there {
			work()
			return
		}
	}
	Must(fmt.Errorf("usage: WORK [KEY=VALUE]..., of %d works", len(works)))
}
