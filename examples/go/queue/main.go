// Command queue is a local work queue: producers append jobs, a worker follows and notes how far it has come in a
// journal of its own. A worker that is killed does its last job once more when it comes back.
//
//	go run ./examples/go/queue FOLDER
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	ministore "github.com/ministore/ministore/go"
)

// A Job is what there is to do.
type Job struct {
	Say string `json:"say"`
}

// nextJob is the number behind the last job that was done.
func nextJob(path string) (next uint64, err error) {
	next = 1
	for rec, err := range ministore.Replay[uint64](path) {
		if err != nil {
			return 0, err
		}
		next = rec.Value + 1
	}
	return next, nil
}

// work does jobs until the context ends. The note that a job is done comes behind the job: at least once, not at most.
func work(ctx context.Context, folder string, do func(Job)) error {
	path := filepath.Join(folder, "done")
	next, err := nextJob(path)
	if err != nil {
		return err
	}
	done, err := ministore.Open[uint64](path, ministore.WithMaxBytesPerSegment(1<<20), ministore.WithMaxSegments(2))
	if err != nil {
		return err
	}
	defer done.Close()
	for rec, err := range ministore.Follow[Job](ctx, filepath.Join(folder, "jobs"), ministore.WithFrom(next)) {
		if err != nil {
			return err
		}
		do(rec.Value)
		if _, err := done.Append(context.WithoutCancel(ctx), rec.Sequence); err != nil {
			return err
		}
	}
	return nil
}

func run(folder string, out io.Writer) error {
	jobs, err := ministore.Open[Job](filepath.Join(folder, "jobs"))
	if err != nil {
		return err
	}
	defer jobs.Close()
	for i := range 6 {
		if _, err := jobs.Append(context.Background(), Job{Say: fmt.Sprintf("job %d", i+1)}); err != nil {
			return err
		}
	}
	for _, shift := range []string{"first worker", "second worker"} {
		ctx, endOfShift := context.WithCancel(context.Background())
		did := 0
		err := work(ctx, folder, func(job Job) {
			fmt.Fprintf(out, "%s: %s\n", shift, job.Say)
			if did++; did == 3 {
				endOfShift()
			}
		})
		if !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: queue FOLDER")
	}
	if err := run(os.Args[1], os.Stdout); err != nil {
		log.Fatal(err)
	}
}
