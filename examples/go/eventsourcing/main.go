// Command eventsourcing keeps account balances by their events. A snapshot bounds how much is replayed at the start,
// and what it covers is pruned.
//
//	go run ./examples/go/eventsourcing FOLDER
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	ministore "github.com/ministore/ministore/go"
)

// An Event is what happened, never changed once it is written.
type Event struct {
	Account string `json:"account"`
	Cents   int64  `json:"cents"`
}

// A Snapshot is the state after all events before Next.
type Snapshot struct {
	Next     uint64           `json:"next"`
	Balances map[string]int64 `json:"balances"`
}

func (s *Snapshot) apply(rec ministore.Record[Event]) {
	s.Balances[rec.Value.Account] += rec.Value.Cents
	s.Next = rec.Sequence + 1
}

// load reads the snapshot, if there is one, and the events since.
func load(folder string) (*Snapshot, error) {
	s := &Snapshot{Next: 1, Balances: map[string]int64{}}
	text, err := os.ReadFile(filepath.Join(folder, "snapshot.json"))
	if err == nil {
		err = json.Unmarshal(text, s)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for rec, err := range ministore.Replay[Event](filepath.Join(folder, "events"), ministore.WithFrom(s.Next)) {
		if err != nil {
			return nil, err
		}
		s.apply(rec)
	}
	return s, nil
}

// save replaces the snapshot whole: what it covers may be pruned only once it is on the disk.
func save(folder string, s *Snapshot) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "snapshot.json")
	file, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncFolder(folder)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func run(folder string, out io.Writer) error {
	ctx := context.Background()
	j, err := ministore.Open[Event](filepath.Join(folder, "events"), ministore.WithMaxBytesPerSegment(128))
	if err != nil {
		return err
	}
	defer j.Close()
	for i := range 10 {
		if _, err := j.Append(ctx, Event{Account: []string{"ann", "bob"}[i%2], Cents: 100}); err != nil {
			return err
		}
	}
	// A transfer is one commit: both events are there or none.
	if _, err := j.AppendBatch(ctx, []Event{{"ann", -50}, {"bob", 50}}); err != nil {
		return err
	}

	state, err := load(folder)
	if err != nil {
		return err
	}
	if err := save(folder, state); err != nil {
		return err
	}
	removed, err := j.Prune(ctx, state.Next)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d segments pruned behind the snapshot at event %d\n", removed, state.Next)

	if _, err := j.Append(ctx, Event{"ann", 1}); err != nil {
		return err
	}
	if state, err = load(folder); err != nil {
		return err
	}
	fmt.Fprintf(out, "ann %d, bob %d, next event %d\n", state.Balances["ann"], state.Balances["bob"], state.Next)
	return nil
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: eventsourcing FOLDER")
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		log.Fatal(err)
	}
}
