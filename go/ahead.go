package ministore

// Reading ahead: while a loop is at work with some records, those that follow are read and checked in one goroutine and
// decoded in others, one for each lot.

import "runtime"

const lotRecords = 128 // enough that a goroutine for a lot costs each record next to nothing

// A lot is some records in a row, or what came in their place.
type lot[T any] struct {
	batch
	err      error         // what came in their place
	decoded  chan struct{} // holds one once the following is there
	results  []result[T]   // fewer than records if the codec panicked or ended its goroutine
	panicked any           // what it panicked with
}

type result[T any] struct {
	value T
	err   error
}

// recordsAhead hands out what Records does. The cursor is its own until it returns; no goroutine is left then.
func (c *Cursor[T]) recordsAhead(yield func(Record[T], error) bool) {
	lots := 2 * runtime.GOMAXPROCS(0)
	full, free := make(chan *lot[T], lots), make(chan *lot[T], lots)
	for range lots {
		free <- &lot[T]{decoded: make(chan struct{}, 1)}
	}
	go func() {
		defer close(full)
		for l := range free {
			c.fill(l)
			full <- l
			if l.err != nil && !c.goesOn(l.err) {
				return
			}
		}
	}()
	defer func() {
		close(free)
		for range free { // so that no more is read
		}
		for l := range full { // until the goroutines have ended
			<-l.decoded
		}
	}()
	for l := range full {
		<-l.decoded
		if !c.handOut(l, yield) {
			return
		}
		free <- l
	}
}

// fill reads a lot and has it decoded.
func (c *Cursor[T]) fill(l *lot[T]) {
	if l.err = c.reader.more(); l.err != nil {
		l.batch = batch{}
		l.decoded <- struct{}{}
		return
	}
	l.batch = c.reader.rest.take(lotRecords)
	go c.decodeAll(l)
}

func (c *Cursor[T]) decodeAll(l *lot[T]) {
	l.results = l.results[:0]
	defer func() {
		l.panicked = recover()
		l.decoded <- struct{}{}
	}()
	for i := range l.spans {
		r := result[T]{}
		if value, err := c.decode(l.data(i)); err == nil {
			r.value = value
		} else {
			r.err = c.doesNotFit(l.place(i), err)
		}
		l.results = append(l.results, r)
	}
}

// handOut tells whether the loop goes on.
func (c *Cursor[T]) handOut(l *lot[T], yield func(Record[T], error) bool) bool {
	if l.err != nil {
		return l.err != errEnd && yield(Record[T]{}, l.err) && c.goesOn(l.err)
	}
	for i := range l.spans {
		r, at := l.result(i), l.place(i)
		rec := Record[T]{r.value, at.sequence, at.segment, at.line, at.offset}
		if !yield(rec, r.err) || (r.err != nil && !c.skip) {
			return false
		}
	}
	return true
}

// result does what the codec did.
func (l *lot[T]) result(i int) result[T] {
	if i == len(l.results) && l.panicked != nil {
		panic(l.panicked)
	}
	if i == len(l.results) {
		runtime.Goexit()
	}
	return l.results[i]
}
