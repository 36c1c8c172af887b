// Command configuration is a registry of settings: one process sets them, others follow and have the current ones in
// memory. The journal is also the history: who set what, in which order.
//
//	go run ./examples/go/configuration PATH
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"sync"

	ministore "github.com/ministore/ministore/go"
)

// A Change sets a key, or removes it if there is no value.
type Change struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value,omitempty"`
	By    string          `json:"by"`
}

// A Registry has the current settings.
type Registry struct {
	mutex    sync.RWMutex
	settings map[string]json.RawMessage
}

// Get returns a setting.
func (r *Registry) Get(key string) (json.RawMessage, bool) {
	r.mutex.RLock()
	defer r.mutex.RUnlock()
	value, there := r.settings[key]
	return value, there
}

func (r *Registry) apply(c Change) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if c.Value == nil {
		delete(r.settings, c.Key)
	} else {
		r.settings[c.Key] = c.Value
	}
}

// Watch applies every change, the old ones first, and tells each sequence number, until the context ends.
func (r *Registry) Watch(ctx context.Context, path string, applied func(uint64)) error {
	for rec, err := range ministore.Follow[Change](ctx, path) {
		if err != nil {
			return err
		}
		r.apply(rec.Value)
		applied(rec.Sequence)
	}
	return nil
}

func run(path string, out io.Writer) error {
	j, err := ministore.Open[Change](path)
	if err != nil {
		return err
	}
	defer j.Close()
	ctx, cancel := context.WithCancel(context.Background())
	registry := &Registry{settings: map[string]json.RawMessage{}}
	applied, ended := make(chan uint64), make(chan error)
	go func() { ended <- registry.Watch(ctx, path, func(n uint64) { applied <- n }) }()

	for _, c := range []Change{
		{Key: "limit", Value: json.RawMessage("10"), By: "ann"},
		{Key: "colour", Value: json.RawMessage(`"green"`), By: "bob"},
		{Key: "limit", Value: json.RawMessage("20"), By: "bob"},
		{Key: "colour", By: "ann"},
	} {
		if _, err := j.Append(ctx, c); err != nil {
			cancel()
			return err
		}
		<-applied
	}
	limit, _ := registry.Get("limit")
	_, there := registry.Get("colour")
	fmt.Fprintf(out, "limit %s, colour set: %t\n", limit, there)
	cancel()
	fmt.Fprintln(out, <-ended)
	return nil
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: configuration PATH")
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		log.Fatal(err)
	}
}
