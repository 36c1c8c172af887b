package ministore

// Group commit in Go: appends that wait at the same time are sent by one goroutine, in one call into C, as one commit.
// Each record has been checked before it waits, so it fails no other one.

/*
#include "ministore.h"
*/
import "C"

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
	"unsafe"
)

const (
	groupBytes = 4 << 20                // a group is full when it has reached this
	gatherTime = 400 * time.Microsecond // the longest wait for company
)

// A waiter is one append: one record, or the records of one batch, each on a line.
type waiter struct {
	lines     []byte
	records   int
	withdrawn bool   // its context ended before it was sent
	last      uint64 // sequence number of its last record, once its group is done
}

// A group is what becomes one commit.
type group struct {
	waiters []*waiter
	bytes   int
	sent    bool
	done    chan struct{} // closed when the commit has come to something
	err     error
}

type commitQueue struct {
	mutex      sync.Mutex
	closed     bool
	committing bool     // a goroutine is at work with groups
	groups     []*group // the first is sent next
	waiting    int      // waiters in all groups
	expected   int      // as many were there last time
	gatherEnd  time.Time
}

// append appends lines, which are records, and returns the last one's number.
func (w *writer) append(ctx context.Context, lines []byte, records int) (last uint64, err error) {
	if ctx.Err() != nil {
		return 0, notSent(ctx)
	}
	if w.beginAlone(ctx) {
		return w.appendAlone(lines)
	}
	a := &waiter{lines: lines, records: records}
	g, lead := w.queue.join(a)
	if g == nil {
		return 0, errClosed(w.path, "journal")
	}
	switch {
	case !lead:
	case ctx.Done() == nil:
		w.leadOnce()
	default:
		go w.lead()
	}
	select {
	case <-g.done:
	case <-ctx.Done():
		if err := w.queue.giveUp(ctx, g, a); err != nil {
			return 0, err
		}
	}
	if g.err != nil {
		return 0, g.err
	}
	return a.last, nil
}

// beginAlone takes the turn for one who is alone and cannot give up: nobody has it, and nobody is waited for.
func (w *writer) beginAlone(ctx context.Context) bool {
	q := &w.queue
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if ctx.Done() != nil || q.closed || q.committing || q.expected > 1 {
		return false
	}
	select {
	case w.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

// appendAlone spares the making of a group. Who comes meanwhile leads the next one.
func (w *writer) appendAlone(lines []byte) (last uint64, err error) {
	defer w.release()
	begin := time.Now()
	w.buffer = append(w.buffer[:0], lines...)
	last, err = w.sendBuffer()
	w.queue.finish(1, begin)
	return last, err
}

// join puts an append into the last group that is not full; nil after close. The caller may have to start a leader.
func (q *commitQueue) join(a *waiter) (g *group, lead bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.closed {
		return nil, false
	}
	if n := len(q.groups); n > 0 && q.groups[n-1].bytes < groupBytes {
		g = q.groups[n-1]
	} else {
		g = &group{done: make(chan struct{})}
		q.groups = append(q.groups, g)
	}
	g.waiters = append(g.waiters, a)
	g.bytes += len(a.lines)
	q.waiting++
	lead = !q.committing
	q.committing = true
	return g, lead
}

// giveUp takes an append back, or says why it cannot; nil if its outcome is known by now.
func (q *commitQueue) giveUp(ctx context.Context, g *group, a *waiter) error {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if !g.sent {
		a.withdrawn = true
		q.waiting--
		return notSent(ctx)
	}
	select {
	case <-g.done:
		return nil
	default:
		return outcomeUnknown(ctx)
	}
}

// close refuses further appends; false if that was so already.
func (q *commitQueue) close() bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	wasOpen := !q.closed
	q.closed = true
	return wasOpen
}

// lead sends one group after the other until none is left, in a goroutine that lives no longer.
func (w *writer) lead() {
	for more := true; more; more = w.queue.goesOn() {
		w.queue.gather()
		w.turn <- struct{}{}
		w.commitNext()
		w.release()
	}
}

// leadOnce sends the first group in the goroutine of one who waits for it and cannot give up, which spares a lone
// writer two switches; what has come since is another goroutine's.
func (w *writer) leadOnce() {
	w.queue.gather()
	w.turn <- struct{}{}
	w.commitNext()
	w.release()
	if w.queue.goesOn() {
		go w.lead()
	}
}

// goesOn tells whether groups wait. If none does, the next append leads.
func (q *commitQueue) goesOn() bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.committing = len(q.groups) > 0
	return q.committing
}

// commitAll does the same at once. The caller has the turn.
func (w *writer) commitAll() {
	for w.commitNext() {
	}
}

// gather lets those who were in the last commit come back, for it goes quickest when they share the next one too. One
// who was alone never waits.
func (q *commitQueue) gather() {
	for q.isIncomplete() {
		runtime.Gosched()
	}
}

func (q *commitQueue) isIncomplete() bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.waiting < q.expected && time.Now().Before(q.gatherEnd)
}

// commitNext sends the next group and answers it; false if there is none. The caller has the turn.
func (w *writer) commitNext() bool {
	g := w.take()
	if g == nil {
		return false
	}
	begin := time.Now()
	w.send(g)
	w.queue.finish(len(g.waiters), begin)
	close(g.done)
	return true
}

// take takes the first group out of the queue and its lines into the buffer: from now on C reads only our own copy.
func (w *writer) take() *group {
	q := &w.queue
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if len(q.groups) == 0 {
		return nil
	}
	g := q.groups[0]
	q.groups = slices.Delete(q.groups, 0, 1)
	g.sent = true
	w.buffer = w.buffer[:0]
	for _, a := range g.waiters {
		if a.records > 0 && !a.withdrawn {
			w.buffer = append(append(w.buffer, a.lines...), '\n')
		}
		if !a.withdrawn {
			q.waiting--
		}
	}
	return g
}

// send commits a group whose lines are in the buffer.
func (w *writer) send(g *group) {
	var last uint64
	last, g.err = w.sendBuffer()
	for i := len(g.waiters) - 1; i >= 0 && g.err == nil; i-- {
		if a := g.waiters[i]; a.records > 0 && !a.withdrawn {
			a.last = last
			last -= uint64(a.records)
		}
	}
}

// sendBuffer commits the buffer, and tells the last record's number. If all were withdrawn it is empty, which the core
// takes as nothing to do. The caller has the turn.
func (w *writer) sendBuffer() (last uint64, err error) {
	collectGarbage()
	lines := unsafe.Pointer(unsafe.SliceData(w.buffer))
	status := C.ministore_append_batch(w.handle, lines, C.size_t(len(w.buffer)), &w.sequence, &w.failure)
	if cap(w.buffer) > groupBytes {
		w.buffer = nil
	}
	if status < 0 {
		return 0, goError(status, &w.failure)
	}
	return uint64(w.sequence), nil
}

// finish notes how many to wait for next time, but no longer than half a commit takes.
func (q *commitQueue) finish(waiters int, begin time.Time) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	now := time.Now()
	q.expected = waiters + q.waiting
	q.gatherEnd = now.Add(min(now.Sub(begin)/2, gatherTime))
}
