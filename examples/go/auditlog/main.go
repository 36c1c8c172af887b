// Command auditlog serves HTTP and writes each request to an audit log before it is answered: who, what, when. The
// requests that come at the same time share one sync.
//
//	go run ./examples/go/auditlog PATH
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"time"

	ministore "github.com/ministore/ministore/go"
)

// An Entry says what was asked for.
type Entry struct {
	Time   time.Time `json:"time"`
	User   string    `json:"user"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
}

// audited answers only what is in the log. Without an entry there is no answer.
func audited(j *ministore.Journal[Entry], next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entry := Entry{Time: time.Now().UTC(), User: r.Header.Get("X-User"), Method: r.Method, Path: r.URL.Path}
		if _, err := j.Append(r.Context(), entry); err != nil {
			http.Error(w, "the audit log cannot be written", http.StatusServiceUnavailable)
			log.Print(err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func run(path string, out io.Writer) error {
	j, err := ministore.Open[Entry](path, ministore.WithMaxBytesPerSegment(16<<20), ministore.WithMode(0o640))
	if err != nil {
		return err
	}
	defer j.Close()
	handler := audited(j, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }))

	var all sync.WaitGroup
	for range 50 {
		all.Add(1)
		go func() {
			defer all.Done()
			request := httptest.NewRequestWithContext(context.Background(), "GET", "/hello", nil)
			request.Header.Set("X-User", "ann")
			handler.ServeHTTP(httptest.NewRecorder(), request)
		}()
	}
	all.Wait()

	count := map[string]int{}
	for rec, err := range ministore.Replay[Entry](path) {
		if err != nil {
			return err
		}
		count[rec.Value.User+" "+rec.Value.Method+" "+rec.Value.Path]++
	}
	fmt.Fprintln(out, count)
	return nil
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: auditlog PATH")
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		log.Fatal(err)
	}
}
