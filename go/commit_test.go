package ministore

// Goal: appends that wait share one commit, and a call that is given up says what became of it. Method: the test holds
// the turn, as a disk at work would, so that nothing depends on time.

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// busyJournal is a journal whose disk is at work until release is called.
func busyJournal(t *testing.T) (j *Journal[int], path string) {
	path = filepath.Join(t.TempDir(), "j")
	j, err := Open[int](path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	j.writer.turn <- struct{}{}
	return j, path
}

func awaitWaiters(j *Journal[int], n int) {
	for q := &j.writer.queue; ; runtime.Gosched() {
		q.mutex.Lock()
		waiting := q.waiting
		q.mutex.Unlock()
		if waiting == n {
			return
		}
	}
}

func contents(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, records, _ := strings.Cut(string(text), "\n")
	return records
}

func TestAppendsThatWaitShareOneCommit(t *testing.T) {
	j, path := busyJournal(t)
	done := make(chan error)
	for range 100 {
		go func() {
			_, err := j.Append(context.Background(), 7)
			done <- err
		}()
	}
	awaitWaiters(j, 100)
	j.writer.release()
	for range 100 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if want := strings.Repeat("7\t\n", 99) + "7\n"; contents(t, path) != want {
		t.Errorf("100 appends were not one commit: %q", contents(t, path))
	}
}

func TestOneWhoIsAloneWaitsForThoseOfTheLastCommit(t *testing.T) {
	j, path := busyJournal(t)
	j.writer.release()
	j.writer.queue.expected, j.writer.queue.gatherEnd = 2, time.Now().Add(time.Hour)
	done := make(chan error)
	for range 2 {
		go func() { _, err := j.Append(context.Background(), 7); done <- err }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if contents(t, path) != "7\t\n7\n" {
		t.Errorf("got %q", contents(t, path))
	}
}

func TestWhoComesWhileALeaderGathersJoins(t *testing.T) {
	j, path := busyJournal(t)
	j.writer.release()
	j.writer.queue.committing = true
	done := make(chan error)
	go func() { _, err := j.Append(context.Background(), 7); done <- err }()
	awaitWaiters(j, 1)
	j.writer.lead()
	if err := <-done; err != nil || contents(t, path) != "7\n" {
		t.Errorf("got %v, %q", err, contents(t, path))
	}
}

func TestOnlyOneWhoCannotGiveUpGoesAlone(t *testing.T) {
	j, _ := busyJournal(t)
	j.writer.release()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if j.writer.beginAlone(ctx) {
		t.Error("it would wait for the disk whatever becomes of its context")
	}
	if !j.writer.beginAlone(context.Background()) {
		t.Error("one who is alone makes a group")
	}
	j.writer.release()
}

func TestABatchStaysWholeAmongOthers(t *testing.T) {
	j, path := busyJournal(t)
	type outcome struct {
		last uint64
		err  error
	}
	single, batch := make(chan outcome), make(chan outcome)
	go func() {
		last, err := j.Append(context.Background(), 1)
		single <- outcome{last, err}
	}()
	awaitWaiters(j, 1)
	go func() {
		last, err := j.AppendBatch(context.Background(), []int{2, 3})
		batch <- outcome{last, err}
	}()
	awaitWaiters(j, 2)
	j.writer.release()
	if got := <-single; got != (outcome{1, nil}) {
		t.Errorf("got %v", got)
	}
	if got := <-batch; got != (outcome{3, nil}) {
		t.Errorf("got %v", got)
	}
	if contents(t, path) != "1\t\n2\t\n3\n" {
		t.Errorf("got %q", contents(t, path))
	}
}

func TestAFullGroupIsFollowedByAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j, err := Open[string](path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	j.writer.turn <- struct{}{}
	done := make(chan error)
	for range 3 {
		go func() {
			_, err := j.Append(context.Background(), strings.Repeat("x", groupBytes*2/3))
			done <- err
		}()
	}
	for waiting := 0; waiting < 3; runtime.Gosched() {
		j.writer.queue.mutex.Lock()
		waiting = j.writer.queue.waiting
		j.writer.queue.mutex.Unlock()
	}
	j.writer.release()
	for range 3 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if text := contents(t, path); strings.Count(text, "\t\n") != 1 || strings.Count(text, "\n") != 3 {
		t.Errorf("expected a commit of two and one of one, got %d marks", strings.Count(text, "\t\n"))
	}
}

func TestAnAppendGivenUpBeforeItWasSentIsTakenBack(t *testing.T) {
	j, path := busyJournal(t)
	ctx, cancel := context.WithCancel(context.Background())
	gone, stays := make(chan error), make(chan error)
	go func() { _, err := j.Append(ctx, 1); gone <- err }()
	awaitWaiters(j, 1)
	go func() { _, err := j.Append(context.Background(), 2); stays <- err }()
	awaitWaiters(j, 2)
	cancel()
	if err := <-gone; !errors.Is(err, ErrNotSent) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := j.writer.queue.waiting; n != 1 {
		t.Errorf("%d are said to wait, one does", n)
	}
	j.writer.release()
	if err := <-stays; err != nil {
		t.Error(err)
	}
	if contents(t, path) != "2\n" {
		t.Errorf("got %q", contents(t, path))
	}
}

func TestAnAppendGivenUpUnderWayIsOfUnknownOutcome(t *testing.T) {
	j, path := busyJournal(t)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() { _, err := j.Append(ctx, 1); gone <- err }()
	awaitWaiters(j, 1)
	g := j.writer.take()
	cancel()
	if err := <-gone; !errors.Is(err, ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	j.writer.send(g)
	j.writer.release()
	if contents(t, path) != "1\n" {
		t.Errorf("got %q", contents(t, path))
	}
}

func TestAllGivenUpIsNoCommit(t *testing.T) {
	j, path := busyJournal(t)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan error)
	go func() { _, err := j.Append(ctx, 1); gone <- err }()
	awaitWaiters(j, 1)
	cancel()
	<-gone
	j.writer.release()
	if last, err := j.Append(context.Background(), 2); last != 1 || err != nil {
		t.Errorf("got %d, %v", last, err)
	}
	if contents(t, path) != "2\n" {
		t.Errorf("got %q", contents(t, path))
	}
}

func TestOtherCallsGiveUpWhileTheyWait(t *testing.T) {
	j, _ := busyJournal(t)
	for name, call := range map[string]func(context.Context) error{
		"Sync":   j.Sync,
		"Rotate": j.Rotate,
		"Prune":  func(ctx context.Context) error { _, err := j.Prune(ctx, 1); return err },
		"Stat":   func(ctx context.Context) error { _, err := j.Stat(ctx); return err },
	} {
		ctx, cancel := context.WithCancel(context.Background())
		gone := make(chan error)
		go func() { gone <- call(ctx) }()
		cancel()
		if err := <-gone; !errors.Is(err, ErrNotSent) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	j.writer.release()
}

func TestNothingBeginsOnceTheContextHasEnded(t *testing.T) {
	j, path := busyJournal(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, appended := j.Append(ctx, 1)
	_, batch := j.AppendBatch(ctx, []int{1})
	for _, err := range []error{appended, batch, j.Sync(ctx), j.Rotate(ctx)} {
		if !errors.Is(err, ErrNotSent) {
			t.Errorf("got %v", err)
		}
	}
	if n := len(j.writer.queue.groups); n > 0 {
		t.Errorf("%d groups wait", n)
	}
	j.writer.release()
	if contents(t, path) != "" {
		t.Errorf("got %q", contents(t, path))
	}
}

func TestCloseCommitsWhatWaits(t *testing.T) {
	j, path := busyJournal(t)
	done, closed := make(chan error), make(chan error)
	for range 3 {
		go func() { _, err := j.Append(context.Background(), 7); done <- err }()
	}
	awaitWaiters(j, 3)
	go func() { closed <- j.Close() }()
	j.writer.release()
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if contents(t, path) != "7\t\n7\t\n7\n" {
		t.Errorf("got %q", contents(t, path))
	}
}
